import asyncio
from collections.abc import AsyncIterator

import httpx
from fastapi import FastAPI, Request

from shared.body_limit import LARGEST_BODY_BYTES, MOST_HELD_BYTES, limit_bodies

WHOLE = bytes(LARGEST_BODY_BYTES)


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/held")
    async def held(request: Request) -> int:
        return len(await request.body())

    @app.put("/streamed")
    async def streamed(request: Request) -> int:
        return sum([len(piece) async for piece in request.stream()])

    limit_bodies(app, streamed=("PUT /streamed",))
    return app


def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app")


def test_a_body_is_refused_above_the_limit_and_a_stream_is_not() -> None:
    async def statuses() -> list[int]:
        async with client(application()) as http:
            return [
                (await http.post("/held", content=WHOLE)).status_code,
                (await http.post("/held", content=WHOLE + b"x")).status_code,
                (await http.put("/streamed", content=WHOLE + b"x")).status_code,
            ]

    assert asyncio.run(statuses()) == [200, 413, 200]


def test_a_body_that_says_that_it_is_too_large_is_not_read() -> None:
    async def refused() -> tuple[httpx.Response, bool]:
        read = False

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read = True
            yield b"x"

        headers = {"Content-Length": str(LARGEST_BODY_BYTES + 1)}
        async with client(application()) as http:
            return await http.post("/held", content=body(), headers=headers), read

    answer, read = asyncio.run(refused())
    assert (answer.status_code, answer.headers["Connection"], read) == (413, "close", False)


def test_all_bodies_together_have_a_limit_too_and_make_room_when_they_end() -> None:
    at_once = MOST_HELD_BYTES // LARGEST_BODY_BYTES

    async def statuses() -> tuple[list[int], int, int]:
        go_on, waiting = asyncio.Event(), asyncio.Semaphore(0)

        async def halting() -> AsyncIterator[bytes]:
            yield WHOLE
            waiting.release()
            await go_on.wait()

        async with client(application()) as http:
            held = [
                asyncio.create_task(http.post("/held", content=halting())) for _ in range(at_once)
            ]
            for _ in held:
                await waiting.acquire()
            one_more = await http.post("/held", content=WHOLE)
            go_on.set()
            done = [answer.status_code for answer in await asyncio.gather(*held)]
            return done, one_more.status_code, (await http.post("/held", content=b"x")).status_code

    assert asyncio.run(statuses()) == ([200] * at_once, 503, 200)
