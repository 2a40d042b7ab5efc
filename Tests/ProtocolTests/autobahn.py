"""Runs Autobahn's fuzzing client against an echo server and judges its report.

    autobahn.py PYTHON2 PACKAGES PORT REPORT
"""
import collections
import json
import os
import subprocess
import sys

from ports import wait_for

CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3", "9.5.6", "9.6.6", "10.*"]
COUNT = 255
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}
# The suite lies in a folder of its own, with packages that need their .pth files read.
RUN = "import site, sys; site.addsitedir(sys.argv.pop(1)); from autobahntestsuite import wstest; wstest.run()"


def main(python, packages, port, report):
    wait_for(port)
    os.makedirs(report, exist_ok=True)
    spec = {
        "outdir": report, "servers": [{"agent": "callslip", "url": f"ws://127.0.0.1:{port}/"}], "cases": CASES, "exclude-cases": [],
        "exclude-agent-cases": {}}
    with open(f"{report}/spec.json", "w") as file:
        json.dump(spec, file)
    with open(f"{report}/log", "w") as log:
        subprocess.run(
            [python, "-c", RUN, packages, "-m", "fuzzingclient", "-s", f"{report}/spec.json"], stdout=log, stderr=log, timeout=300, check=True)
    with open(f"{report}/index.json") as file:
        results = json.load(file)["callslip"]
    bad = {case: result for case, result in results.items() if not {result["behavior"], result["behaviorClose"]} <= GOOD}
    for case, result in sorted(bad.items()):
        print(f"case {case}: {result['behavior']}, close {result['behaviorClose']}; see {report}/{result['reportfile']}")
    counts = collections.Counter(result["behavior"] for result in results.values())
    print(f"autobahn: {len(results)} cases: {', '.join(f'{count} {name}' for name, count in counts.most_common())}")
    if bad or len(results) != COUNT:
        sys.exit(f"{len(bad)} cases failed, and {len(results)} of {COUNT} ran")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
