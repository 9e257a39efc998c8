# What a testScript can name, for mypy: the part of the NixOS test driver that the tests use, with its own signatures
# (nixpkgs: nixos/lib/test-driver/src/test_driver/{driver,machine/__init__}.py, nixos/lib/test-script-prepend.py).
from collections.abc import Callable
from contextlib import AbstractContextManager


class Machine:
    name: str

    def succeed(self, *commands: str, timeout: int | None = None) -> str:
        raise NotImplementedError

    def fail(self, *commands: str, timeout: int | None = None) -> str:
        raise NotImplementedError

    def execute(
        self, command: str, check_return: bool = True, check_output: bool = True, timeout: int | None = 900
    ) -> tuple[int, str]:
        raise NotImplementedError

    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str:
        raise NotImplementedError

    def wait_until_fails(self, command: str, timeout: int = 900) -> str:
        raise NotImplementedError

    def wait_for_unit(self, unit: str, user: str | None = None, timeout: int = 900) -> None:
        raise NotImplementedError

    def wait_for_file(self, filename: str, timeout: int = 900) -> None:
        raise NotImplementedError

    def wait_for_open_port(self, port: int, addr: str = "localhost", timeout: int = 900) -> None:
        raise NotImplementedError

    def shutdown(self) -> None:
        raise NotImplementedError

    def crash(self) -> None:
        raise NotImplementedError

    def start(self, allow_reboot: bool = False) -> None:
        raise NotImplementedError


start_all: Callable[[], None]
subtest: Callable[[str], AbstractContextManager[None]]
machines: list[Machine]
