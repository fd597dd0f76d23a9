"""scripts/bind-nics over a sysfs made by hand."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "bind-nics"
INTEL = "0000:03:00.0"
MELLANOX = "0000:04:00.0"
DISK = "0000:05:00.0"


class BindNics(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.sys = pathlib.Path(self.folder.name)
        for driver in ("vfio-pci", "ixgbe", "mlx5_core", "nvme"):
            self.put(f"bus/pci/drivers/{driver}/unbind", "")
        self.put("bus/pci/drivers_probe", "")
        self.put("module/vfio/parameters/enable_unsafe_noiommu_mode", "N")
        self.add(INTEL, "0x020000", "ixgbe", group="7", interface="eth2", flags="0x1002")
        self.add(MELLANOX, "0x020000", "mlx5_core", group="8", interface="eth3", flags="0x1002")
        self.add(DISK, "0x010802", "nvme", group="9")

    def put(self, path, text):
        (self.sys / path).parent.mkdir(parents=True, exist_ok=True)
        (self.sys / path).write_text(text, encoding="utf-8")

    def read(self, path):
        return (self.sys / path).read_text(encoding="utf-8")

    def add(self, address, kind, driver, group="", interface="", flags="0x0"):
        device = f"bus/pci/devices/{address}"
        for name, text in (("class", kind), ("vendor", "0x8086"), ("device", "0x10fb"), ("numa_node", "1"), ("driver_override", "(null)")):
            self.put(f"{device}/{name}", text + "\n")
        if driver:
            os.symlink(self.sys / "bus/pci/drivers" / driver, self.sys / device / "driver")
        if group:
            (self.sys / "kernel/iommu_groups" / group / "devices" / address).mkdir(parents=True)
            os.symlink(self.sys / "kernel/iommu_groups" / group, self.sys / device / "iommu_group")
        if interface:
            self.put(f"{device}/net/{interface}/flags", flags + "\n")

    def run_it(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, "--sysfs", self.sys, *arguments], capture_output=True, text=True, check=False)

    def refused(self, *arguments):
        done = self.run_it(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        return done.stderr

    def test_shows_cards_and_nothing_else(self):
        done = self.run_it()
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[1].split()[:5], [INTEL, "ixgbe", "eth2", "1", "7"])
        self.assertNotIn(DISK, done.stdout)

    def test_says_what_it_would_write(self):
        done = self.run_it("bind", INTEL, "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("echo 'vfio-pci' > ", done.stdout)
        self.assertEqual(self.read(f"bus/pci/devices/{INTEL}/driver_override"), "(null)\n", "nothing was written")

    def test_binds_in_the_kernels_order_and_sees_that_it_did_not_help(self):
        self.assertIn("is now bound to ixgbe, not to vfio-pci", self.refused("bind", "03:00.0"))
        self.assertEqual(self.read(f"bus/pci/devices/{INTEL}/driver_override"), "vfio-pci")
        self.assertEqual(self.read("bus/pci/drivers/ixgbe/unbind"), INTEL)
        self.assertEqual(self.read("bus/pci/drivers_probe"), INTEL)

    def test_leaves_an_interface_that_is_up(self):
        self.put(f"bus/pci/devices/{INTEL}/net/eth2/flags", "0x1003\n")
        self.assertIn("is eth2, which is up: ip link set eth2 down", self.refused("bind", INTEL))
        self.assertEqual(self.run_it("bind", INTEL, "--force", "--dry-run").returncode, 0)

    def test_leaves_nvidias_cards_to_their_driver(self):
        self.assertIn("stays with mlx5_core", self.refused("bind", MELLANOX))

    def test_wants_an_iommu_or_to_be_told_that_there_is_none(self):
        os.remove(self.sys / f"bus/pci/devices/{INTEL}/iommu_group")
        self.assertIn("intel_iommu=on", self.refused("bind", INTEL))
        self.refused("bind", INTEL, "--no-iommu")
        self.assertEqual(self.read("module/vfio/parameters/enable_unsafe_noiommu_mode"), "1")

    def test_names_the_rest_of_the_iommu_group(self):
        (self.sys / "kernel/iommu_groups/7/devices" / DISK).mkdir()
        self.assertIn(f"shares its IOMMU group with {DISK}", self.run_it("bind", INTEL, "--dry-run").stderr)

    def test_says_that_the_driver_is_not_there(self):
        os.remove(self.sys / "bus/pci/drivers/vfio-pci/unbind")
        os.rmdir(self.sys / "bus/pci/drivers/vfio-pci")
        self.assertIn("modprobe vfio-pci", self.refused("bind", INTEL))

    def test_restores_to_whichever_driver_claims_it(self):
        os.remove(self.sys / f"bus/pci/devices/{INTEL}/driver")
        os.symlink(self.sys / "bus/pci/drivers/vfio-pci", self.sys / f"bus/pci/devices/{INTEL}/driver")
        done = self.run_it("restore", INTEL)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.read(f"bus/pci/devices/{INTEL}/driver_override").strip(), "")
        self.assertEqual(self.read("bus/pci/drivers/vfio-pci/unbind"), INTEL)
        self.assertIn("already", self.run_it("restore", MELLANOX).stdout)

    def test_tells_wrong_addresses_from_absent_cards(self):
        self.assertIn("is no PCI address", self.refused("bind", "eth2"))
        self.assertIn(f"there is no network card at 0000:09:00.0 (there are {INTEL}, {MELLANOX})", self.refused("bind", "09:00.0"))
        self.assertIn("no network card", self.refused("bind", DISK))
        self.assertEqual(self.run_it("bind").returncode, 2)


if __name__ == "__main__":
    unittest.main()
