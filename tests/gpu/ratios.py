"""Ratios of RevUp's images per second to the PyTorch twins': `python3 ratios.py FOLDER RESULT.md`.

FOLDER holds files of measured rows, one JSON object a line: revup-POLICY-ROUND.jsonl and pytorch-POLICY-HOW-ROUND.jsonl. What was measured
in several rounds is one row with the median; a ratio divides two medians.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path
from typing import Dict, List, Tuple

POLICIES = ("store", "checkpoint", "invert")

# The least ratio to aim at, against the fastest twin of the same memory policy.
TARGETS = {"store": 1.0, "checkpoint": 1.0, "invert": 1.5}

NAME = re.compile(r"(revup|pytorch)-(\w+?)(?:-(eager|compiled))?-(\d+)$")


def read(folder: Path) -> Dict[Tuple[str, str], List[dict]]:
    """Rows by (policy, contender); files of other names are other measurements."""
    rows: Dict[Tuple[str, str], List[dict]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        match = NAME.match(path.stem)
        if match:
            contender = "RevUp" if match[1] == "revup" else f"PyTorch, {match[3]}"
            text = path.read_text().strip()
            if not text:
                raise SystemExit(
                    f"error: {path} is empty: the measurement printed no row; delete it and its mark in done/, and measure again")
            rows.setdefault((match[2], contender), []).append(json.loads(text.splitlines()[-1]))
    return rows


def median(rows: List[dict], member: str) -> float:
    """Of a member that may be missing or null; NaN where no row has it."""
    values = [row[member] for row in rows if row.get(member) is not None]
    return statistics.median(values) if values else float("nan")


def predicted(rows: List[dict]) -> str:
    """The model's time of RevUp's step, for an H200: a prediction, and no measurement. The twins have none."""
    return f"{median(rows, 'model_ms'):.2f}" if rows[0].get("model_ms") is not None else ""


def require_one_arithmetic(rows: Dict[Tuple[str, str], List[dict]]) -> None:
    """An error where both sides of a ratio did not compute in one arithmetic. A rehearsal's twins, on a processor, may not."""
    for policy in POLICIES:
        found = {name: row["arithmetic"] for (of, name), measured in rows.items() if of == policy for row in measured
                 if row.get("device") != "cpu"}
        if len(set(found.values())) > 1:
            sides = "; ".join(f"{name} in {arithmetic}" for name, arithmetic in sorted(found.items()))
            raise SystemExit(f"error: the rows of '{policy}' are no comparison: {sides}; measure both sides in one precision")


def table(rows: Dict[Tuple[str, str], List[dict]]) -> List[str]:
    """The lines of the table, and a verdict for each policy that has both sides."""
    lines = ["| policy | contender | arithmetic | batch | images/s | step ms | model ms | peak MiB | mean k | RevUp's images/s to its "
             "| rounds |",
             "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    verdicts = []
    for policy in POLICIES:
        own = median(rows.get((policy, "RevUp"), []), "images_per_second")
        rates = []
        for contender in sorted({name for of, name in rows if of == policy}, key=lambda name: (name != "RevUp", name)):
            measured = rows[policy, contender]
            rate = median(measured, "images_per_second")
            if contender != "RevUp":
                rates.append(rate)
            lines.append(
                f"| {policy} | {contender} | {measured[0]['arithmetic']} | {measured[0]['batch']} | {rate:.1f} | "
                f"{median(measured, 'step_ms'):.2f} | {predicted(measured)} | "
                f"{median(measured, 'peak_bytes') / 2**20:.1f} | {median(measured, 'mean_evaluations'):.2f} | {own / rate:.2f} | "
                f"{len(measured)} |")
        if rates and own == own:
            ratio = own / max(rates)
            verdicts.append(f"- `{policy}`: {ratio:.2f}× the faster twin; at least {TARGETS[policy]:.1f}× is the aim: "
                            f"{'reached' if ratio >= TARGETS[policy] else 'not reached'}.")
    return lines + ["", *verdicts] if verdicts else lines


def main() -> None:
    """Reads, compares, writes."""
    if len(sys.argv) != 3:
        raise SystemExit("error: give the folder of rows and the file to write: ratios.py FOLDER RESULT.md")
    rows = read(Path(sys.argv[1]))
    if not rows:
        raise SystemExit(f"error: {sys.argv[1]} has no measured rows (revup-POLICY-ROUND.jsonl); run the part train first")
    require_one_arithmetic(rows)
    Path(sys.argv[2]).write_text("\n".join(["# RevUp and the PyTorch twins", "", *table(rows)]) + "\n")


if __name__ == "__main__":
    main()
