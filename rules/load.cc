#include "rules/load.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <libconfig.h++>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "rules/fields.h"
#include "rules/flow_sections.h"
#include "rules/rule_list.h"
#include "rules/sections.h"
#include "rules/treatments.h"
#include "rules/verdict.h"

namespace slowlane {
namespace {

void append(Diagnostics& all, const Diagnostics& more) { all.insert(all.end(), more.begin(), more.end()); }

// What an integer literal says, if 64 bits hold it.
std::optional<std::int64_t> exact(std::string_view literal) {
  const bool negative = literal.starts_with('-');
  if (negative || literal.starts_with('+')) literal.remove_prefix(1);
  while (literal.ends_with('L')) literal.remove_suffix(1);
  const bool hex = literal.size() > 2 && (literal[1] | 0x20) == 'x';
  if (hex) literal.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(literal.data(), literal.data() + literal.size(), value, hex ? 16 : 10);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error != std::errc() || value > kMost + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~value + 1 : value);
}

// libconfig's settings as nodes. It walks the settings in the order of the text, in step with the source's scalars,
// which know how a value was written and, in lists, its true line.
class TreeReader {
 public:
  explicit TreeReader(const Source& source) : source_(source) {}

  Node read(const libconfig::Setting& setting) {
    Node node;
    if (setting.getName() != nullptr) node.key = setting.getName();
    node.place = source_.place(setting.getSourceLine());
    if (setting.isAggregate())
      read_members(setting, node);
    else
      read_scalar(setting, node);
    return node;
  }

 private:
  void read_members(const libconfig::Setting& setting, Node& node) {
    node.kind = setting.isGroup() ? Node::Kind::group : Node::Kind::list;
    const int count = setting.getLength();
    node.children.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) node.children.push_back(read(setting[i]));
  }

  void read_scalar(const libconfig::Setting& setting, Node& node) {
    const Source::Scalar* written = next_ < source_.scalars.size() ? &source_.scalars[next_++] : nullptr;
    // libconfig notes a text in a list only when it has read what follows.
    if (written != nullptr && node.key.empty()) node.place = source_.place(written->line);
    switch (setting.getType()) {
      case libconfig::Setting::TypeBoolean:
        node.kind = Node::Kind::boolean;
        node.boolean = setting;
        break;
      case libconfig::Setting::TypeString:
        node.kind = Node::Kind::text;
        node.text = setting.c_str();
        break;
      case libconfig::Setting::TypeFloat:
        node.kind = Node::Kind::number;
        node.number = setting;
        break;
      case libconfig::Setting::TypeInt: return read_integer(static_cast<int>(setting), written, node);
      case libconfig::Setting::TypeInt64: return read_integer(static_cast<long long>(setting), written, node);
      case libconfig::Setting::TypeNone:
      case libconfig::Setting::TypeGroup:
      case libconfig::Setting::TypeArray:
      case libconfig::Setting::TypeList: break;
    }
  }

  static void read_integer(std::int64_t value, const Source::Scalar* written, Node& node) {
    node.kind = Node::Kind::integer;
    node.integer = value;
    node.number = static_cast<double>(value);
    if (written == nullptr || written->integer.empty() || exact(written->integer) == value) return;
    node.wrapped = true;
    node.text = written->integer;
  }

  const Source& source_;
  std::size_t next_ = 0;
};

Diagnostic syntax_error(const Source& source, const libconfig::ParseException& error) {
  const auto line = static_cast<std::uint32_t>(std::max(error.getLine(), 1));
  const Place place = source.place(line);
  const std::string_view what = error.getError();
  const std::string near = ", near: " + std::string(source.shown(line));
  if (what.find("duplicate") != std::string_view::npos)
    return {place.file, place.line, "a setting stands twice in one group" + near};
  if (what.find("mismatched") != std::string_view::npos)
    return {place.file, place.line, "values in [ ] must all be of one kind; write ( ) to mix them" + near};
  return {place.file, place.line, std::string(what) + near};
}

Result<std::string> read_book_name(const Node& node) {
  constexpr std::size_t kLongest = 255;  // as of a file
  auto name = read_text(node);
  if (name && name->size() > kLongest) return mistake(node, "a name has at most 255 bytes");
  return name;
}

// A name without its folder and ending.
std::string stem(const std::string& path) { return std::filesystem::path(path).stem().string(); }

// Reads a book section by section, and goes on behind every mistake.
class BookReader {
 public:
  BookReader(Tree tree, const ReadFile& read) : tree_(std::move(tree)), read_(read), fields_(tree_.root, "book") {}

  Result<Book> run() {
    book_.files = tree_.files;
    book_.name = fields_.with("book", read_book_name).value_or(stem(tree_.files.front()));
    if (const auto purpose = fields_.word<int>("purpose", {{"model", 0}})) book_.purpose = "model";
    constexpr auto kMostSeed = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    book_.seed = fields_.number("seed", 0, kMostSeed).value_or(book_.seed);
    HostLists lists = read_all_lists();
    const auto classes = read_classes();
    if (const Node* node = fields_.find("rules")) book_.rules = keep(read_rules(*node, lists, classes));
    read_otherwise(classes);
    if (const Node* node = fields_.find("expect")) book_.expects = keep(read_expects(*node, classes));
    if (const Node* node = fields_.find("inspection")) book_.inspection = keep(read_inspection(*node));
    if (const Node* node = fields_.find("flows")) book_.flows = keep(read_flow_rules(*node));
    append(mistakes_, fields_.finish());
    if (!mistakes_.empty()) return sorted();
    return std::move(book_);
  }

 private:
  template <class T>
  T keep(Partly<T> partly) {
    append(mistakes_, partly.mistakes);
    return std::move(partly.value);
  }

  HostLists read_all_lists() {
    const Node* node = fields_.find("lists");
    if (node == nullptr) return {};
    ListsRead read = keep(read_lists(*node, read_));
    for (std::string& file : read.files)
      if (std::ranges::find(book_.files, file) == book_.files.end()) book_.files.push_back(std::move(file));
    return std::move(read.lists);
  }

  std::vector<std::string_view> read_classes() {
    const Node* node = fields_.find("classes");
    if (node == nullptr) return class_names({});
    const auto groups = keep(read_groups(*node, "classes"));
    for (const Node* group : groups) {
      auto spec = read_class(*group);
      if (spec)
        book_.classes.push_back(std::move(*spec));
      else
        append(mistakes_, spec.diagnostics());
    }
    append(mistakes_, find_duplicates(groups, "class"));
    constexpr std::size_t kMost = std::numeric_limits<ClassId>::max() - 2;
    if (groups.size() > kMost)
      mistakes_.push_back(mistake(*node, "a book has at most " + std::to_string(kMost) + " classes"));
    return class_names(groups);
  }

  void read_otherwise(const std::vector<std::string_view>& classes) {
    const auto otherwise = fields_.text("otherwise");
    const Node* node = fields_.find("otherwise");
    book_.otherwise_place = node != nullptr ? node->place : tree_.root.place;
    if (!otherwise) return;
    book_.otherwise = *otherwise;
    for (Diagnostic& one : check_class(*node, classes)) {
      one.text = "otherwise: " + one.text;
      mistakes_.push_back(std::move(one));
    }
  }

  // In the order of the files and their lines.
  Diagnostics sorted() {
    const auto order = [this](const Diagnostic& a, const Diagnostic& b) {
      const auto rank = [this](const std::string& file) { return std::ranges::find(book_.files, file); };
      return a.file == b.file ? a.line < b.line : rank(a.file) < rank(b.file);
    };
    std::ranges::stable_sort(mistakes_, order);
    return std::move(mistakes_);
  }

  Tree tree_;
  const ReadFile& read_;
  Fields fields_;
  Book book_;
  Diagnostics mistakes_;
};

}  // namespace

Result<Tree> load_tree(const std::string& path, const ReadFile& read) {
  auto source = read_source(path, read);
  if (!source) return source.diagnostics();
  libconfig::Config config;
  try {
    config.readString(source->text);
    Node root = TreeReader(*source).read(config.getRoot());
    root.place = {path, 0};
    return Tree{std::move(root), std::move(source->files)};
  } catch (const libconfig::ParseException& error) {
    return syntax_error(*source, error);
  } catch (const libconfig::ConfigException& error) {
    return Diagnostic{path, 0, error.what()};
  }
}

Result<Book> load_book(const std::string& path, const ReadFile& read) {
  auto tree = load_tree(path, read);
  if (!tree) return tree.diagnostics();
  return BookReader(std::move(*tree), read).run();
}

Result<Book> load_book(const std::string& path) { return load_book(path, read_file); }

}  // namespace slowlane
