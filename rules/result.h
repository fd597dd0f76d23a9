#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace slowlane {

// One thing said about a file the user wrote: where it is and what to do about it. A line of 0 means the whole file.
struct Diagnostic {
  std::string file;
  int line = 0;
  std::string text;

  // "file:line: text", the form every command prints.
  std::string print() const { return file + (line > 0 ? ":" + std::to_string(line) : "") + ": " + text; }
  bool operator==(const Diagnostic&) const = default;
};

using Diagnostics = std::vector<Diagnostic>;

// A value, or every diagnostic that stood in its way; never half of either.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}                        // NOLINT: conversion is the point
  Result(Diagnostics diagnostics) : held_(std::move(diagnostics)) {}  // NOLINT
  Result(Diagnostic one) : held_(Diagnostics{std::move(one)}) {}      // NOLINT

  explicit operator bool() const { return std::holds_alternative<T>(held_); }
  // Requires: the result is a value.
  T& value() { return std::get<T>(held_); }
  const T& value() const { return std::get<T>(held_); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  // Requires: the result is not a value.
  const Diagnostics& diagnostics() const { return std::get<Diagnostics>(held_); }

 private:
  std::variant<T, Diagnostics> held_;
};

}  // namespace slowlane
