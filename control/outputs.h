#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace slowlane {

// The name a file is written under until it is whole: beside its final one, which it gets by commit(). Without commit
// nothing of it stays, and what was there before is untouched. "-", pipes and devices are written in place.
class Aside {
 public:
  // Throws Failure where the folder does not exist or may not be written.
  explicit Aside(std::string path);
  ~Aside();
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  const std::string& name() const { return name_; }  // what to open; "/dev/stdout" for "-"
  const std::string& path() const { return path_; }  // as the user wrote it
  void commit();                                     // throws Failure

 private:
  std::string path_;
  std::string name_;
  bool in_place_ = false;
  bool done_ = false;
};

// A text file written aside. write() never fails; commit() says what failed.
class Output {
 public:
  explicit Output(const std::string& path);  // throws Failure
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text) noexcept;
  void commit();  // throws Failure: the disk is full, …

 private:
  void flush() noexcept;

  Aside aside_;
  std::FILE* file_ = nullptr;
  std::string buffer_;
  int error_ = 0;  // errno of the first write that failed
};

// Throws Failure (wrong usage) where one of `outputs` is one of `inputs` (the same file under whatever name), or two of
// them are the same. Empty outputs are none.
void refuse_overwriting(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

}  // namespace slowlane
