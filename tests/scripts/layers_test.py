"""scripts/layers.py finds each kind of breach, and nothing in a tree that keeps the rules."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
import layers  # noqa: E402

GOOD = {
    "rules/CMakeLists.txt": "set(RULES_ORDER a.h b load)\nadd_library(rules STATIC b.cc load.cc)\n",
    "rules/a.h": "#include <vector>\n#include <sys/mman.h>\n",
    "rules/b.h": '#include "rules/a.h"\n',
    "rules/b.cc": '#include "rules/b.h"\n\n#include "rules/a.h"\n',
    "rules/load.cc": '#include <libconfig.h++>\n#include "rules/b.h"\n',
    "dataplane/CMakeLists.txt": "set(DATAPLANE_ORDER packet.h)\n",
    "dataplane/packet.h": '#include <rte_mbuf.h>\n#include "rules/b.h"\n',
    "hw/CMakeLists.txt": "set(HW_ORDER eal)\nadd_library(hw STATIC eal.cc)\n",
    "hw/eal.cc": '#include <rte_eal.h>\n#include "dataplane/packet.h"\n',
    "control/CMakeLists.txt": "set(CONTROL_ORDER main)\nadd_executable(slowlane main.cc)\n",
    "control/main.cc": '#include <CLI/CLI.hpp>\n#include <nlohmann/json.hpp>\n#include "rules/b.h"\n',
    "tests/rules/b_test.cc": '#include <gtest/gtest.h>\n#include <rte_ring.h>\n#include "control/main.h"\n',
}


class Layers(unittest.TestCase):
    def breaches(self, **changes):
        with tempfile.TemporaryDirectory() as root:
            for path, text in (GOOD | changes.pop("files", {})).items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return layers.check(root)

    def assert_finds(self, path, text, *words):
        found = self.breaches(files={path: text})
        self.assertTrue(any(line.startswith(path) and all(word in line for word in words) for line in found), found)

    def test_a_good_tree_is_clean(self):
        self.assertEqual(self.breaches(), [])

    def test_a_later_room_is_not_for_an_earlier_one(self):
        self.assert_finds("rules/b.cc", '#include "hw/eal.h"\n', "may not know it")

    def test_a_file_includes_only_what_is_listed_above(self):
        self.assert_finds("rules/a.h", '#include "rules/b.h"\n', "not listed above")

    def test_third_parties_use_their_doors(self):
        self.assert_finds("rules/b.cc", "#include <libconfig.h++>\n", "rules/load.cc")
        self.assert_finds("dataplane/packet.h", "#include <rte_ethdev.h>\n", "hw/*")
        self.assert_finds("rules/a.h", "#include <nlohmann/json_fwd.hpp>\n", "control/*")

    def test_an_unknown_third_party_has_no_door(self):
        self.assert_finds("control/main.cc", "#include <boost/asio.hpp>\n", "table of doors")

    def test_nobody_includes_tests(self):
        self.assert_finds("hw/eal.cc", '#include "tests/support/fake.h"\n', "only tests")

    def test_own_headers_are_named_from_the_root(self):
        self.assert_finds("rules/b.cc", '#include "b.h"\n', "from the root")

    def test_circles_are_found(self):
        found = self.breaches(files={"tests/support/x.h": '#include "tests/support/y.h"\n',
                                     "tests/support/y.h": '#include "tests/support/x.h"\n'})
        self.assertTrue(any("circle" in line for line in found), found)

    def test_a_file_that_is_not_listed_or_compiled_is_found(self):
        self.assert_finds("rules/stray.cc", "", "not listed")
        self.assert_finds("rules/stray.cc", "", "not compiled")


if __name__ == "__main__":
    unittest.main()
