"""`genshare receipts`: what others say a generator was worth, and whether they signed that."""

import json
from pathlib import Path

from signing.keys import make_key
from signing.publishing import Signer
from signing.receipts import sign_receipt
from tests.command_line import Genshare
from tests.hub_server import running_hub
from tests.packages import write_tiny_package
from tests.receipts import a_receipt
from tests.signing.tampering_hub import tampering


def test_a_receipt_is_what_its_receiver_signed(tmp_path: Path, genshare: Genshare) -> None:
    with running_hub(tmp_path / "hub") as hub, tampering(hub.url) as proxy:
        owner, token = hub.invited("centre-b"), hub.client().invite("centre-a")
        receiver, key = hub.client(token), make_key(tmp_path / "key.pem")
        record = owner.publish(write_tiny_package(tmp_path / "package"))
        where = ("receipts", record.centre, record.name, "--hub-url", proxy.url, "--token", token)
        none_yet = genshare(*where)
        Signer(key, receiver).introduce("centre-a")
        signed = sign_receipt(key, a_receipt(record), record.manifest)
        receiver.receipts.put(record, "centre-a", signed)
        listed = genshare(*where)
        as_json = genshare(*where, "--json")
        proxy.lies["/receipts"] = lambda body: body.replace(b"0.021", b"0.029")
        lied = genshare(*where)

    assert (none_yet.code, none_yet.stdout) == (0, "")
    assert "nobody has given a receipt for version 1" in none_yet.stderr
    assert listed.stdout.startswith("centre-a: AUROC +0.021 (95 % interval +0.004 to +0.039)")
    assert f"signed by centre-a with the key {key.public.fingerprint[:16]}" in listed.stdout
    assert json.loads(as_json.stdout)[0]["signed_by"] == key.public.fingerprint
    assert (lied.code, lied.stdout) == (1, "")
    assert "the hub tells another one than centre-a signed" in " ".join(lied.stderr.split())
