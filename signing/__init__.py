"""Who made a generator: keys, signatures in OpenSSF Model Signing form, and whom one trusts."""
