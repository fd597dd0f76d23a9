#include "control/book_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

Bundle book(const std::string& text) { return {{{"book.cfg", text, ""}, {"l.txt", "example.com\n", ""}}}; }
std::string digest_of(const Bundle& bundle) { return version_digest(bundle, LiveLoad::Force::as_written); }

Version version(const Bundle& bundle) {
  Version one;
  one.digest = digest_of(bundle);
  one.name = one.path = "book";
  one.from = "push";
  one.user = "alice";
  one.note = "a note\n\"with\" \xc3\xa9";
  one.time = 1'795'320'306'789'000'000;
  return one;
}

// Keeps a book and makes it the one in force.
void take(BookStore& store, const std::string& text) {
  const Bundle bundle = book(text);
  store.keep(digest_of(bundle), bundle);
  BookState state = store.state();
  Version fresh = version(bundle);
  fresh.previous = state.running;
  state.versions.push_back(fresh);
  state.running = state.confirmed = fresh.digest;
  state.source = state.how = "push";
  state.configured = "/etc/book.cfg";
  state.keep_last(4);
  store.change(state);
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST(KeptBooks, ComeBackWithTheirStateAndTexts) {
  const TempFolder folder;
  const std::string place = folder.file("lib/books");
  {
    BookStore store(place);
    EXPECT_EQ(store.trouble(), "");
    take(store, "one");
    take(store, "two");
    BookState state = store.state();
    state.pending = {state.running, 123};
    store.change(state);
  }
  const BookStore again(place);
  EXPECT_TRUE(again.on_disk());
  ASSERT_THAT(again.state().versions, SizeIs(2));
  EXPECT_EQ(again.state().running, digest_of(book("two")));
  EXPECT_EQ(again.state().versions[1].previous, digest_of(book("one")));
  EXPECT_EQ(again.state().versions[0].note, version(book("one")).note);
  EXPECT_EQ(again.state().pending->until, 123);
  const auto texts = again.texts(digest_of(book("one")));
  ASSERT_TRUE(texts);
  EXPECT_EQ(texts->files[0].text, "one");
  EXPECT_EQ(texts->files[1].path, "l.txt");
}

TEST(KeptBooks, OfTheLongestPathsComeBack) {
  const TempFolder folder;
  {
    BookStore store(folder.file("b"));
    BookState state;
    state.versions.resize(350);
    for (Version& one : state.versions) {
      one.path.assign(kLongestPath, '\1');
      one.name.assign(kLongestPath, '\1');  // a book without a name is called as its file is
      one.note.assign(500, '\1');
    }
    store.change(state);
  }
  const BookStore again(folder.file("b"));
  EXPECT_TRUE(again.on_disk()) << again.trouble();
  EXPECT_THAT(again.state().versions, SizeIs(350));
}

TEST(KeptBooks, ForgetTheOldestButNoneThatIsNeeded) {
  const TempFolder folder;
  BookStore store(folder.file("b"));
  for (const char* text : {"1", "2", "3", "4", "5", "6"}) take(store, text);
  EXPECT_THAT(store.state().versions, SizeIs(4));
  EXPECT_FALSE(store.texts(digest_of(book("2"))));
  EXPECT_TRUE(store.texts(digest_of(book("3"))));
  EXPECT_THAT(names_in(folder.file("b")), SizeIs(5)) << "the state, and a file for each version";
  BookState state = store.state();
  state.confirmed = digest_of(book("3"));
  state.keep_last(2);
  std::vector<std::string> left;
  for (const Version& one : state.versions) left.push_back(one.digest);
  EXPECT_THAT(left, ElementsAre(digest_of(book("3")), digest_of(book("5")), digest_of(book("6"))))
      << "confirmed, before the running one, running";
}

TEST(KeptBooks, RemoveWhatAnEarlierProcessOnlyBegan) {
  const TempFolder folder;
  const std::string place = folder.file("b");
  { BookStore(place).on_disk(); }
  {
    BookStore store(place);
    take(store, "one");
  }
  const std::string unnamed = digest_of(book("never in force"));
  for (const std::string& name : {std::string("state.json.part"), unnamed + ".book.json", unnamed + ".book.json.part"})
    std::ofstream(std::filesystem::path(place) / name) << "{\"half";
  const BookStore again(place);
  EXPECT_EQ(again.trouble(), "");
  EXPECT_EQ(again.state().running, digest_of(book("one")));
  EXPECT_THAT(names_in(place), UnorderedElementsAre("state.json", digest_of(book("one")) + ".book.json"));
}

TEST(KeptBooks, ThatAreDamagedAreNeverTaken) {
  const TempFolder folder;
  const std::string place = folder.file("b");
  BookStore store(place);
  take(store, "one");
  const std::string digest = store.state().running;
  std::ofstream(place + "/" + digest + ".book.json") << R"({"files":[{"path":"book.cfg","text":"other"}]})";
  EXPECT_THAT(store.texts(digest).diagnostics().front().text, HasSubstr("damaged"));
  std::ofstream(place + "/" + digest + ".book.json") << "{\"files\":[";
  EXPECT_FALSE(store.texts(digest));
  std::filesystem::remove(place + "/" + digest + ".book.json");
  EXPECT_FALSE(store.texts(digest));
}

TEST(KeptBooks, OfADamagedStateBeginAnewAndSaySo) {
  const TempFolder folder;
  const std::string place = folder.file("b");
  {
    BookStore store(place);
    take(store, "one");
  }
  std::ofstream(place + "/state.json") << "{\"schema\":1}";
  BookStore again(place);
  EXPECT_THAT(again.trouble(), HasSubstr("damaged"));
  EXPECT_THAT(again.state().versions, IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(place + "/state.json.damaged"));
  take(again, "two");
  EXPECT_EQ(BookStore(folder.file("c")).trouble(), "");
}

TEST(KeptBooks, BelongToOneBox) {
  const TempFolder folder;
  BookStore first(folder.file("b"));
  take(first, "one");
  BookStore second(folder.file("b"));
  EXPECT_FALSE(second.on_disk());
  EXPECT_THAT(second.trouble(), HasSubstr("another box"));
  take(second, "two");
  EXPECT_TRUE(second.texts(digest_of(book("two")))) << "in memory";
  EXPECT_FALSE(first.texts(digest_of(book("two"))));
}

TEST(KeptBooks, WithoutAFolderAreKeptInMemoryAndFewer) {
  const TempFolder folder;
  write_text(folder, "file", "");
  BookStore store(folder.file("file/b"));
  EXPECT_FALSE(store.on_disk());
  EXPECT_NE(store.trouble(), "");
  EXPECT_EQ(BookStore("").trouble(), "") << "none was asked for";
  for (const char* text : {"1", "2", "3", "4"}) take(store, text);
  EXPECT_FALSE(store.texts(digest_of(book("1"))));
  EXPECT_TRUE(store.texts(digest_of(book("3"))));
  EXPECT_TRUE(store.texts(digest_of(book("4"))));
}

TEST(KeptBooks, ThatTheDiskDoesNotTakeStayFewInMemory) {
  const TempFolder folder;
  const std::string place = folder.file("b");
  BookStore store(place);
  take(store, "0");
  std::filesystem::remove_all(place);  // nothing can be written any more, as where the disk is full
  for (const char* text : {"1", "2", "3", "4"}) take(store, text);
  EXPECT_NE(store.trouble(), "");
  EXPECT_FALSE(store.texts(digest_of(book("1"))));
  EXPECT_TRUE(store.texts(digest_of(book("3"))));
  for (const char* text : {"5", "6", "7"}) store.keep(digest_of(book(text)), book(text));  // never in force
  EXPECT_FALSE(store.texts(digest_of(book("5"))));
  EXPECT_TRUE(store.texts(digest_of(book("7"))));
  EXPECT_TRUE(store.texts(digest_of(book("4")))) << "it runs";
}

TEST(KeptBooks, ThatNeverCameIntoForceAreDropped) {
  const TempFolder folder;
  BookStore store(folder.file("b"));
  take(store, "one");
  store.keep(digest_of(book("two")), book("two"));
  store.drop_unnamed();
  EXPECT_FALSE(store.texts(digest_of(book("two"))));
  EXPECT_TRUE(store.texts(digest_of(book("one"))));
}

// A process that keeps one book after another until it is killed.
[[noreturn]] void keep_forever(const std::string& place) {
  BookStore store(place);
  const std::string large(200'000, 'x');
  for (int i = 0;; ++i) take(store, std::to_string(i) + large);
}

TEST(KeptBooks, AreWholeWheneverAProcessIsKilled) {
  const TempFolder folder;
  const std::string place = folder.file("b");
  std::mt19937 random(7);
  std::size_t with_books = 0;
  for (int round = 0; round < 50; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) keep_forever(place);
    usleep(static_cast<useconds_t>(500 + random() % 60'000));  // a random moment of its work
    kill(child, SIGKILL);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    const BookStore store(place);
    ASSERT_EQ(store.trouble(), "") << "round " << round;
    for (const Version& one : store.state().versions)
      ASSERT_TRUE(store.texts(one.digest)) << "round " << round << ": " << one.digest;
    if (store.state().versions.empty()) continue;
    ++with_books;
    ASSERT_NE(store.state().find(store.state().confirmed), nullptr) << "round " << round;
    for (const std::string& name : names_in(place)) ASSERT_FALSE(name.ends_with(".part")) << name;
  }
  EXPECT_GT(with_books, 25u) << "the writer hardly ever got to write";
}

}  // namespace
}  // namespace slowlane
