#include "tools/sum/sum_lines.h"

#include <string>

#include "gtest/gtest.h"

namespace uasio {
namespace {

const std::string& Digest() {
  static const std::string* const digest = new std::string(
      "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  return *digest;
}

std::string NameIn(const std::string& line, SumLineParser* parser) {
  const std::optional<SumLine> parsed = parser->Parse(line);
  if (!parsed.has_value()) return "(no line)";
  EXPECT_EQ(parsed->digest, Digest());
  return parsed->name;
}

// Parses it as the first line.
std::string NameIn(const std::string& line) {
  SumLineParser parser;
  return NameIn(line, &parser);
}

TEST(SumLinesTest, NamesWithOddCharactersAreEscaped) {
  const std::string d = Digest();
  EXPECT_EQ(FormatSumLine({d, "a b"}), d + "  a b\n");
  EXPECT_EQ(FormatSumLine({d, "x\\y"}), "\\" + d + "  x\\\\y\n");
  EXPECT_EQ(FormatSumLine({d, "n\nl"}), "\\" + d + "  n\\nl\n");
  EXPECT_EQ(FormatSumLine({d, "c\rr"}), "\\" + d + "  c\\rr\n");
  EXPECT_EQ(FormatSumLineZero({d, "x\\\n"}), d + "  x\\\n" + '\0');
}

TEST(SumLinesTest, FormattedLinesParseToTheSameName) {
  for (const std::string name : {"a", " a", "*a", "a  b", "\\", "\\n", "\n",
                                 "\r\n", "\\\\\n\\", "é", "SHA256 (a) = b"}) {
    std::string line = FormatSumLine({Digest(), name});
    line.pop_back();
    EXPECT_EQ(NameIn(line), name);
  }
}

TEST(SumLinesTest, OtherFormatsOfLinesAreParsed) {
  const std::string d = Digest();
  EXPECT_EQ(NameIn(d + " *a"), "a");
  EXPECT_EQ(NameIn("  " + d + "  a"), "a");
  EXPECT_EQ(NameIn("SHA256 (a) = " + d), "a");
  EXPECT_EQ(NameIn("SHA256 (a)= " + d), "a");
  EXPECT_EQ(NameIn("SHA256(a)= " + d), "a");
  EXPECT_EQ(NameIn("SHA2-256(a)= " + d), "a");
  EXPECT_EQ(NameIn(" SHA256 (a)\t=" + d), "a");
  EXPECT_EQ(NameIn(" \t\\" + d + "  x\\\\y"), "x\\y");
  EXPECT_EQ(NameIn("SHA256 (a) = (b) = " + d), "a) = (b");
  EXPECT_EQ(NameIn("\\SHA256 (x\\\\y) = " + d), "x\\y");
  std::string upper = d;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(NameIn(upper + "  a"), "a");
  EXPECT_EQ(NameIn(d + "  x\\y"), "x\\y");  // Unescaped, as it is.
}

// As in coreutils 9.1.
TEST(SumLinesTest, TheFirstLineDecidesBetweenOneBlankAndTwo) {
  const std::string d = Digest();
  EXPECT_EQ(NameIn(d + " a"), "a");
  EXPECT_EQ(NameIn(d + "\ta"), "a");
  EXPECT_EQ(NameIn(d + "\t a"), "a");
  EXPECT_EQ(NameIn(d + " \ta"), "\ta");
  EXPECT_EQ(NameIn(d + "  "), " ");
  EXPECT_EQ(NameIn("\\" + d + " x\\\\y"), "x\\y");
  SumLineParser one;
  EXPECT_EQ(NameIn("SHA256 (a) = " + d, &one), "a");
  EXPECT_EQ(NameIn(d + " a", &one), "a");
  EXPECT_EQ(NameIn(d + "  a", &one), " a");
  EXPECT_EQ(NameIn(d + " *a", &one), "*a");
  SumLineParser two;
  EXPECT_EQ(NameIn("g" + d.substr(1) + " a", &two), "(no line)");
  EXPECT_EQ(NameIn(d + "  a", &two), "a");
  EXPECT_EQ(NameIn(d + " a", &two), "(no line)");
  EXPECT_EQ(NameIn(d + "  ", &two), "(no line)");
  EXPECT_EQ(NameIn(d + " *a", &two), "a");
}

TEST(SumLinesTest, OtherFormatsAreRefused) {
  const std::string d = Digest();
  for (const std::string& line :
       {std::string(), d, d + " ", d + "\t", d + "a", d.substr(1) + "  a",
        d + "0  a", "g" + d.substr(1) + "  a", "\\" + d + "  a\\b",
        "\\" + d + "  a\\", std::string("SHA256 (a)"), "SHA256 () = " + d,
        "SHA256 (a) = " + d.substr(1), "SHA256  (a) = " + d, "SHA256 (a) " + d,
        "\\ " + d + "  a", "SHA256 (a) = " + d + " ", "MD5 (a) = " + d,
        "SHA2-512(a)= " + d}) {
    EXPECT_EQ(NameIn(line), "(no line)") << line;
  }
}

TEST(SumLinesTest, OddNamesAreEscapedForOneLine) {
  EXPECT_EQ(OnOneLine("x y"), "x y");
  EXPECT_EQ(OnOneLine("x\\y"), "\\x\\\\y");
  EXPECT_EQ(OnOneLine("n\nl\\"), "\\n\\nl\\\\");
}

}  // namespace
}  // namespace uasio
