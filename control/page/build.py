#!/usr/bin/env python3
"""Bundles the page with npm's packages and writes it down as a C++ source: build.py --mode AUTO|ON|OFF --work DIR --out FILE.

Packages go into the work folder, by the lock file, and from npm's cache where it has them: a build without a network works
once they are there. Under AUTO, what does not work is said, and the source then holds no page."""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
KEPT = "package.json", "package-lock.json", ".npmrc"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


def run(work, *command):
    made = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
    if made.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{made.stdout.strip()}")


def install(work):
    """Does nothing where the packages of this very lock file are there."""
    digest = hashlib.sha256()
    for name in KEPT:
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
        shutil.copy(os.path.join(HERE, name), work)
    stamp = os.path.join(work, "installed")
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == digest.hexdigest():
                return
    run(work, "npm", "ci", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund")
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(digest.hexdigest())


def bundle(work):
    """The page's files by their paths."""
    os.makedirs(work, exist_ok=True)
    install(work)
    source, out = os.path.join(work, "src"), os.path.join(work, "out")
    for folder in source, out:
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(os.path.join(HERE, "src"), source)
    run(work, os.path.join("node_modules", ".bin", "esbuild"), "src/main.jsx", "--bundle", "--minify", "--jsx=automatic",
        "--jsx-import-source=preact", "--target=es2022", "--entry-names=page", "--outdir=out", "--log-level=warning")
    shutil.copy(os.path.join(source, "index.html"), out)
    files = {}
    for name in sorted(os.listdir(out)):
        with open(os.path.join(out, name), "rb") as file:
            files["/" if name == "index.html" else f"/{name}"] = (TYPES[os.path.splitext(name)[1]], file.read())
    return files


def as_array(data):
    numbers = [str(byte if byte < 128 else byte - 256) for byte in data]
    return ",\n".join(",".join(numbers[i:i + 40]) for i in range(0, len(numbers), 40))


def source_of(files):
    text = '#include "control/page_assets.h"\n\nnamespace slowlane {\nnamespace {\n\n'
    rows = []
    for i, (path, (kind, data)) in enumerate(files.items()):
        text += f"constexpr char kBytes{i}[] = {{\n{as_array(data)}}};\n"
        rows.append(f'    {{"{path}", "{kind}", {{kBytes{i}, sizeof kBytes{i}}}}},\n')
    if rows:
        text += f"constexpr PageAsset kAssets[] = {{\n{''.join(rows)}}};\n"
    answer = "kAssets" if rows else "{}"
    return text + f"\n}}  // namespace\n\nstd::span<const PageAsset> page_assets() {{ return {answer}; }}\n\n}}  // namespace slowlane\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("AUTO", "ON", "OFF"), required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--out", required=True)
    wanted = parser.parse_args()
    files = {}
    if wanted.mode != "OFF":
        try:
            files = bundle(wanted.work)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            print(f"the page could not be built: {error}", file=sys.stderr)
            if wanted.mode == "ON":
                return 1
            print("slowlane is built without its page; touch control/page/build.py to try again", file=sys.stderr)
    with open(wanted.out, "w", encoding="utf-8") as file:
        file.write(source_of(files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
