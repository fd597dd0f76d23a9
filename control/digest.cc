#include "control/digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>

#include "control/failure.h"

namespace slowlane {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  }
  void add(std::span<const char> bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    std::string text;
    for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// A path as the book names it: where the book's folder is does not count.
std::string name_in(const std::string& book, const std::string& path) {
  const auto normal = std::filesystem::path(path).lexically_normal();
  const auto relative = normal.lexically_relative(std::filesystem::path(book).parent_path().lexically_normal());
  return (relative.empty() ? normal : relative).string();
}

}  // namespace

std::string text_digest(std::string_view text) {
  Sha256 sum;
  sum.add(text);
  return sum.hex();
}

std::string file_digest(const std::string& path) {
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr) throw Failure(Exit::wrong_input, path + ": " + std::strerror(errno));
  Sha256 sum;
  std::vector<char> chunk(kChunk);
  while (const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), file.get()))
    sum.add(std::span(chunk).first(got));
  if (std::ferror(file.get()) != 0) throw Failure(Exit::wrong_input, path + ": cannot be read to its end");
  return sum.hex();
}

std::string book_digest(const std::vector<FileDigest>& files) {
  if (files.size() == 1) return files.front().digest;
  std::string sums;
  for (const FileDigest& file : files)
    sums += file.digest + "  " + (&file == &files.front() ? "-" : name_in(files.front().path, file.path)) + "\n";
  return text_digest(sums);
}

std::string book_digest(const std::vector<std::string>& paths) {
  std::vector<FileDigest> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) files.push_back({path, file_digest(path)});
  return book_digest(files);
}

}  // namespace slowlane
