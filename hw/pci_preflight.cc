#include "hw/pci_preflight.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "hw/hugepages.h"

namespace slowlane {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kForUs{"vfio-pci", "uio_pci_generic", "igb_uio"};
// NVIDIA's are driven through the kernel's driver, which stays.
constexpr std::array<std::string_view, 2> kShared{"mlx5_core", "mlx4_core"};

template <std::size_t n>
bool has(const std::array<std::string_view, n>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string word_in(const fs::path& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

bool is_nic(const fs::path& device) { return word_in(device / "class").starts_with("0x02"); }

// The last part of what a link points at; empty: there is none.
std::string target_of(const fs::path& link) {
  std::error_code none;
  return fs::read_symlink(link, none).filename().string();
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string absent(const std::string& address, const fs::path& devices) {
  std::string nics;
  for (const std::string& name : names_in(devices))
    if (is_nic(devices / name)) nics += (nics.empty() ? "" : ", ") + name;
  return "there is no PCI device " + address +
         (nics.empty() ? ", nor any network device on PCI" : " (there are " + nics + ")");
}

Finding bound_to_kernel(const std::string& address, const std::string& driver, const fs::path& device) {
  const std::vector<std::string> interfaces = names_in(device / "net");
  const std::string whose = interfaces.empty() ? "" : ", which drives " + interfaces.front();
  return Finding::error(address + " is bound to " + (driver.empty() ? "no driver" : driver + whose) +
                        ": scripts/bind-nics bind " + address);
}

}  // namespace

Findings preflight_pci(const std::string& address, const std::string& sysfs) {
  const fs::path devices = fs::path(sysfs) / "bus/pci/devices";
  const fs::path device = devices / address;
  if (!fs::exists(device) && fs::exists(devices / ("0000:" + address)))
    return {Finding::error("a PCI address has four parts: 0000:" + address)};
  if (!fs::exists(device)) return {Finding::error(absent(address, devices))};
  if (!is_nic(device)) return {Finding::error(address + " is no network device")};
  Findings found;
  const std::string driver = target_of(device / "driver");
  if (!has(kForUs, driver) && !has(kShared, driver)) found.push_back(bound_to_kernel(address, driver, device));
  if (driver == "vfio-pci" && target_of(device / "iommu_group").empty())
    found.push_back(Finding::error(
        address +
        " has no IOMMU: boot with intel_iommu=on or amd_iommu=on, or see --no-iommu in scripts/bind-nics --help"));
  if (free_hugepage_memory(fs::path(sysfs) / "kernel/mm/hugepages") == 0)
    found.push_back(
        Finding::error("no hugepages are free, and " + address + " needs them: sysctl vm.nr_hugepages=512"));
  return found;
}

}  // namespace slowlane
