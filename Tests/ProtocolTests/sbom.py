"""Judges the document of `cluster/sbom`: valid SPDX, and every package of Package.swift and library that the module maps link is in it.

Usage: sbom.py FILE
"""

import json
import re
import sys
from pathlib import Path

from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

ROOT = Path(__file__).resolve().parents[2]
# The library that a module map links, and the Debian package that has it.
LIBRARIES = {
    "CUV": "libuv1", "CSodium": "libsodium23", "CRaft": "libraft0", "CHTTPParser": "libhttp-parser2.9", "CWslay": "libwslay1", "CZlib": "zlib1g",
    "CSQLite": "libsqlite3-0", "COpenSSL": "libssl3", "CCurl": "libcurl4",
}

messages = validate_full_spdx_document(parse_file(sys.argv[1]))
assert not messages, [message.validation_message for message in messages][:5]
packages = json.loads(Path(sys.argv[1]).read_text())["packages"]
names = {package["name"] for package in packages}
manifest = (ROOT / "Package.swift").read_text()
swift = {url.rsplit("/", 1)[1].lower() for url in re.findall(r'\.package\(url: "([^"]+)"', manifest)}
modules = set(re.findall(r'\.systemLibrary\(name: "([^"]+)"', manifest))
assert len(swift) >= 5 and modules == set(LIBRARIES), (swift, modules)
missing = ({*swift, *(LIBRARIES[module] for module in modules), "swift-runtime", "callslip"}) - names
assert not missing, f"not in the document: {sorted(missing)}"
# What was built is what Package.swift names, and nothing that came along with it.
pinned = {(url.rsplit("/", 1)[1].lower(), version) for url, version in re.findall(r'\.package\(url: "([^"]+)", exact: "([^"]+)"\)', manifest)}
built = {(package["name"], package["versionInfo"]) for package in packages if package["downloadLocation"].startswith("git+")}
assert {name for name, _ in pinned} == swift, f"without an exact version in Package.swift: {sorted(swift - {name for name, _ in pinned})}"
assert built == pinned, f"built from {sorted(built)}, and Package.swift names {sorted(pinned)}"
print(f"sbom: {len(names)} packages, valid")
