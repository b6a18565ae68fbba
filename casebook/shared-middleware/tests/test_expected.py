"""expected.toml speaks of the variants that there are, and quotes lines that stand where it says."""

import subprocess
import tomllib
import unittest
from pathlib import Path

CASE = Path(__file__).resolve().parent.parent
VARIANTS = tomllib.loads((CASE / "expected.toml").read_text())["variant"]


class Expected(unittest.TestCase):
    def test_the_variants_are_those_that_run_lists(self):
        listed = subprocess.check_output([CASE / "run"], text=True).splitlines()
        self.assertEqual([variant["name"] for variant in VARIANTS], [line.split()[0] for line in listed])

    def test_what_fails_says_where_and_what_is_clean_does_not(self):
        for variant in VARIANTS:
            fails = variant["outcome"] == "fails"
            for key in ("ways", "families", "places", "failed", "wrong_of_50"):
                self.assertEqual(bool(variant[key]), fails, f"{variant['name']}: {key}")
            self.assertEqual("file" in variant, fails, variant["name"])

    def test_each_quoted_line_stands_once_in_its_file(self):
        quoted = [(variant["file"], variant["line"]) for variant in VARIANTS if "line" in variant]
        quoted += [(finding["file"], line) for variant in VARIANTS for finding in variant.get("finding", []) for line in finding["lines"]]
        for file, line in quoted:
            text = [each.strip() for each in (CASE / file).read_text().splitlines()]
            self.assertEqual(text.count(line), 1, f"{file}: {line}")


if __name__ == "__main__":
    unittest.main()
