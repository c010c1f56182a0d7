"""Mutants: small changes of the program's text, each of which a good test would notice.

cosmic-ray's operators make them. A site is a place of the text that an operator changes; each site gives one mutant, since `<`
can become seven other comparisons and would else outweigh a statement without operators. Annotations are left alone: nobody
computes with them. Sites are put in an order by a hash of the seed and their own line, so that an edit elsewhere leaves the
sample as it was.
"""

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import parso
from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import mutate_code

ROOMS = ("cases", "metrics", "statistics", "verdict")
NEEDS_ARGUMENTS = ("core/VariableReplacer", "core/VariableInserter")
OPERATORS = {
    name: plugins.get_operator(name)() for name in plugins.operator_names() if name not in NEEDS_ARGUMENTS
}


@dataclass(frozen=True)
class Mutant:
    """A change of a file of the program.

    Attributes:
        path: from the repository's root.
        occurrence: which of the operator's changes of this file, from 0.
        before: the line as it is.
        after: the line as it is changed, or what is left of it.
    """

    room: str
    path: str
    line: int
    operator: str
    occurrence: int
    before: str
    after: str

    def source(self) -> str:
        """The text of the whole file with the change."""
        return mutate_code(Path(self.path).read_text("utf-8"), OPERATORS[self.operator], self.occurrence)


def sample(n_mutants: int, seed: int) -> list[Mutant]:
    """Mutants of every room in proportion to its lines of code; the same for the same seed."""
    lines = {room: sum(map(_n_code_lines, _files(room))) for room in ROOMS}
    chosen = []
    for room in ROOMS:
        share = round(n_mutants * lines[room] / sum(lines.values()))
        sites = [(path, *site) for path in _files(room) for site in _sites(path).items()]
        sites.sort(key=lambda site: _rank(seed, site[0], site[1]))
        mutants = (_mutant(room, *site, seed=seed) for site in sites)
        chosen += [mutant for mutant, _ in zip((m for m in mutants if m), range(share), strict=False)]
    return chosen


def _files(room: str) -> list[Path]:
    return sorted(Path("src/xaudit", room).rglob("*.py"))


def _n_code_lines(path: Path) -> int:
    tree = ast.parse(path.read_text("utf-8"))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return len({node.lineno for node in ast.walk(tree) if hasattr(node, "lineno") and node not in texts})


def _sites(path: Path) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """The operators and their occurrences, by line and column of what they change."""
    seen: dict[str, int] = defaultdict(int)
    sites = defaultdict(list)
    for node in ast_nodes(parso.parse(path.read_text("utf-8"))):
        left_alone = _computes_nothing(node)
        for name, operator in OPERATORS.items():
            for start, _ in operator.mutation_positions(node):
                if not left_alone:
                    sites[start].append((name, seen[name]))
                seen[name] += 1
    return sites


def _computes_nothing(node: parso.tree.NodeOrLeaf) -> bool:
    """Annotations, and the star after which arguments have names."""
    child, parent = node, node.parent
    if parent is not None and parent.type in ("parameters", "lambdef"):
        return True
    while parent is not None:
        match parent.type:
            case "tfpdef":
                return True
            case "annassign" if child is parent.children[1]:
                return True
            case "funcdef" if child is parent.annotation:
                return True
        child, parent = parent, parent.parent
    return False


def _rank(seed: int, path: Path, position: tuple[int, int]) -> str:
    line, column = position
    text = path.read_text("utf-8").splitlines()[line - 1]
    return hashlib.sha256(f"{seed} {path} {column} {text}".encode()).hexdigest()


def _mutant(
    room: str, path: Path, position: tuple[int, int], changes: Sequence[tuple[str, int]], *, seed: int
) -> Mutant | None:
    """A change at a site that is Python and that says something else; None where there is none."""
    text = path.read_text("utf-8")
    rank = int(_rank(seed, path, position), 16)
    for operator, occurrence in _turned(changes, rank % len(changes)):
        changed = mutate_code(text, OPERATORS[operator], occurrence)
        try:
            same = changed is None or ast.dump(ast.parse(changed)) == ast.dump(ast.parse(text))
        except SyntaxError:
            continue
        if not same:
            line = position[0]
            before, after = text.splitlines()[line - 1], changed.splitlines()[line - 1]
            return Mutant(room, str(path), line, operator, occurrence, before.strip(), after.strip())
    return None


def _turned(changes: Sequence[tuple[str, int]], by: int) -> Iterator[tuple[str, int]]:
    yield from changes[by:]
    yield from changes[:by]
