"""The current project belongs to the thread or task that opened it."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from jupyter_client.manager import start_new_kernel

import privkit as pk
from privkit.project.current import current_project

FRAME = pd.DataFrame({"x": [1, 2, 3]})


def begin(folder, name):
    return pk.open_project(name, epsilon=100, unit=pk.ROW, store=folder / f"{name}.db")


def ask(number):
    FRAME.privacy.dp_count(where=f"x != {number}", epsilon=0.1)


def in_thread(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_two_threads_do_not_charge_each_others_projects(tmp_path):
    both = threading.Barrier(2)

    def work(name):
        project = begin(tmp_path, name)
        for number in range(5):
            both.wait()  # each opens and asks while the other does
            ask(number)
        return project

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(work, ["a", "b"]))
    assert [len(project.ledger) for project in found] == [5, 5]


def test_a_thread_that_opened_none_uses_the_notebooks(tmp_path):
    mine = begin(tmp_path, "notebook")
    other = in_thread(lambda: begin(tmp_path, "worker"))
    assert current_project() is mine
    in_thread(lambda: ask(1))
    assert (len(mine.ledger), len(other.ledger)) == (1, 0)


def test_where_the_main_thread_opened_none_the_last_counts(tmp_path):
    with pytest.raises(pk.errors.NoProjectError):
        current_project()
    opened = in_thread(lambda: begin(tmp_path, "worker"))
    assert current_project() is opened
    assert in_thread(lambda: current_project()) is opened


def test_tasks_have_their_own_and_hand_it_on(tmp_path):
    async def work(name):
        project = begin(tmp_path, name)
        for number in range(3):
            await asyncio.sleep(0)
            ask(number)
        await asyncio.to_thread(ask, 10)
        await asyncio.gather(asyncio.create_task(asyncio.to_thread(ask, 11)))
        return project

    async def main():
        return await asyncio.gather(work("a"), work("b"))

    found = asyncio.run(main())
    assert [len(project.ledger) for project in found] == [5, 5]


def test_what_a_thread_of_a_context_opens_is_its_current_one(tmp_path):
    async def main():
        begin(tmp_path, "outer")

        def work():
            begin(tmp_path, "inner")
            return current_project().name

        return await asyncio.to_thread(work), current_project().name

    assert asyncio.run(main()) == ("inner", "outer")


def test_cells_of_a_kernel_use_the_last_opened(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    manager, client = start_new_kernel(kernel_name="python3")

    def run(code):
        client.execute(code)
        printed = ""
        while True:
            try:
                message = client.get_iopub_msg(timeout=60)
            except queue.Empty:
                pytest.fail("the kernel does not answer")
            content = message["content"]
            assert message["msg_type"] != "error", content["traceback"]
            printed += content.get("text", "") if message["msg_type"] == "stream" else ""
            if content.get("execution_state") == "idle":
                return printed

    begin = "project = pk.open_project({0!r}, epsilon=1, unit=pk.ROW, store={1!r})"
    try:
        run("import privkit as pk; from privkit.project.current import current_project")
        for name in ("a", "b"):
            run(begin.format(name, str(tmp_path / "kernel.db")))
            assert run("print(current_project().name)") == f"{name}\n"
        run("async def job():\n    " + begin.format("c", str(tmp_path / "kernel.db")))
        run("await job()")
        assert run("print(current_project().name)") == "c\n"
        run(begin.format("d", str(tmp_path / "kernel.db")))
        run("import asyncio")
        assert run("print(current_project().name)") == "d\n"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
