"""Two import contracts that import-linter has no ready kind for; named in `.importlinter`, run by `make check`."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

KERNEL = "tongzheng.kernel"
DOORS = ("api", "kinds")


def _engine(module: str) -> str:
    parts = module.split(".")
    return parts[2] if parts[:2] == ["tongzheng", "kernel"] and len(parts) > 2 else ""


class Doors(Contract):
    """Whoever enters an engine from outside enters by its `api` or its `kinds`; the core is open to all."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = []
        for module in sorted(graph.modules):
            for target in sorted(graph.find_modules_directly_imported_by(module)):
                engine = _engine(target)
                if not engine or engine in ("core", _engine(module)):
                    continue
                parts = target.split(".")
                if len(parts) != 4 or parts[3] not in DOORS:
                    broken.append((module, target))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for module, target in check.metadata["broken"]:
            output.print_error(f"{module} enters {target}: use {KERNEL}.{_engine(target)}.api or .kinds")


class Manifests(Contract):
    """A manifest is data: all that it reaches, however indirectly, is kinds, the core, or data of its own folder."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = []
        manifests = [m for m in graph.modules if m.rsplit(".", 1)[-1] in ("manifest", "declared")]
        for manifest in sorted(manifests):
            home = manifest.rsplit(".", 1)[0] + "."
            for target in sorted(graph.find_upstream_modules(manifest)):
                name = target.rsplit(".", 1)[-1]
                own_data = target.startswith(home) and name not in (
                    "models",
                    "services",
                    "pages",
                    "http",
                    "api",
                )
                if not (name == "kinds" or name.endswith("_kinds") or _engine(target) == "core" or own_data):
                    broken.append((manifest, target))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for manifest, target in check.metadata["broken"]:
            output.print_error(f"{manifest} reaches {target}, which is behaviour")
