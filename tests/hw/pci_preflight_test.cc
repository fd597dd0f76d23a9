#include "hw/pci_preflight.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kNic = "0000:03:00.0";

// A sysfs as far as it matters.
class PciPreflightTest : public testing::Test {
 protected:
  PciPreflightTest() { put("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "512"); }
  void put(const fs::path& file, const std::string& text) {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text << "\n";
  }
  void link(const fs::path& from, const fs::path& to) {
    fs::create_directories((root_ / from).parent_path());
    fs::create_symlink(to, root_ / from);
  }
  void add_nic(const std::string& driver) {
    const fs::path device = fs::path("bus/pci/devices") / kNic;
    put(device / "class", "0x020000");
    if (!driver.empty()) link(device / "driver", "../../../../bus/pci/drivers/" + driver);
  }
  void add_iommu() { link(fs::path("bus/pci/devices") / kNic / "iommu_group", "../../../../kernel/iommu_groups/7"); }
  std::vector<std::string> said(const std::string& address = kNic) {
    std::vector<std::string> texts;
    for (const Finding& one : preflight_pci(address, root_.string())) {
      EXPECT_EQ(one.weight, Finding::Weight::error);
      texts.push_back(one.text);
    }
    return texts;
  }
  TempFolder folder_;
  fs::path root_ = folder_.file("sys");
};

TEST_F(PciPreflightTest, IsContentWithANicThatIsReady) {
  add_nic("vfio-pci");
  add_iommu();
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(PciPreflightTest, LeavesNvidiaToItsKernelDriver) {
  add_nic("mlx5_core");
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(PciPreflightTest, NamesTheDriverThatHasItAndTheLineThatBindsIt) {
  add_nic("ixgbe");
  fs::create_directories(root_ / "bus/pci/devices" / kNic / "net/eth2");
  EXPECT_THAT(said(), testing::ElementsAre(
                          "0000:03:00.0 is bound to ixgbe, which drives eth2: scripts/bind-nics bind 0000:03:00.0"));
}

TEST_F(PciPreflightTest, SeesThatNoDriverHasIt) {
  add_nic("");
  EXPECT_THAT(said(), testing::ElementsAre(HasSubstr("is bound to no driver: scripts/bind-nics bind")));
}

TEST_F(PciPreflightTest, MissesTheIommu) {
  add_nic("vfio-pci");
  EXPECT_THAT(said(), testing::ElementsAre(HasSubstr("no IOMMU")));
}

TEST_F(PciPreflightTest, MissesHugepages) {
  add_nic("vfio-pci");
  add_iommu();
  put("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0");
  EXPECT_THAT(said(), testing::ElementsAre(HasSubstr("sysctl vm.nr_hugepages=")));
}

TEST_F(PciPreflightTest, ListsTheNicsThatThereAre) {
  add_nic("ixgbe");
  EXPECT_THAT(said("0000:09:00.0"),
              testing::ElementsAre("there is no PCI device 0000:09:00.0 (there are 0000:03:00.0)"));
  EXPECT_THAT(said("03:00.0"), testing::ElementsAre("a PCI address has four parts: 0000:03:00.0"));
}

TEST_F(PciPreflightTest, TakesNothingButNics) {
  put(fs::path("bus/pci/devices") / kNic / "class", "0x010601");
  EXPECT_THAT(said(), testing::ElementsAre("0000:03:00.0 is no network device"));
}

TEST(PciPreflight, SaysWhereThereIsNoPci) {
  const TempFolder empty;
  EXPECT_THAT(preflight_pci(kNic, empty.file("")).front().text, HasSubstr("nor any network device on PCI"));
}

}  // namespace
}  // namespace slowlane
