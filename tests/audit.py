"""Audits the locked packages for known vulnerabilities: fails on a finding and on a package that was skipped.

Where no source of advisories can be reached it says "not audited" and does not fail: that is no finding either way.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UNREACHABLE = ("ServiceError", "ConnectionError", "Max retries", "NameResolution", "ConnectTimeout", "ReadTimeout")


def main() -> int:
    """Return 0 when every locked package was looked up and none has an advisory, or when nothing could be looked up."""
    lock = ROOT / "requirements" / "dev.lock"
    audit = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"]
    reasons = []
    for source in ("pypi", "osv"):
        options = [
            "--format",
            "json",
            "--progress-spinner",
            "off",
            "--timeout",
            "10",
            "--vulnerability-service",
            source,
        ]
        done = subprocess.run([*audit, *options], check=False, capture_output=True, text=True)
        if done.stdout.lstrip().startswith("{"):
            report = json.loads(done.stdout)
            if all("skip_reason" in entry for entry in report["dependencies"]):
                # A mirror that carries packages without their advisories knows none of them.
                reasons.append(f"{source} knows none of {len(report['dependencies'])} packages")
                continue
            return _judge(report)
        reasons.append(done.stderr.strip().rpartition("\n")[2][:160])
        if not any(word in done.stderr for word in UNREACHABLE):
            sys.stdout.write(f"the audit itself failed: {done.stderr[-2000:]}\n")
            return 1
    sys.stdout.write(f"not audited: no source of advisories can be reached from here ({'; '.join(reasons)})\n")
    return 0


def _judge(report: dict[str, Any]) -> int:
    packages = report["dependencies"]
    skipped = [f"{entry['name']}: {entry['skip_reason']}" for entry in packages if "skip_reason" in entry]
    found = [
        f"{entry['name']} {entry['version']}: {flaw['id']}, fixed in {flaw['fix_versions'] or 'nothing yet'}"
        for entry in packages
        for flaw in entry.get("vulns", [])
    ]
    for line in [*(f"skipped: {reason}" for reason in skipped), *found]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{len(packages)} packages audited, {len(found)} advisories, {len(skipped)} skipped\n")
    return 1 if found or skipped else 0


if __name__ == "__main__":
    sys.exit(main())
