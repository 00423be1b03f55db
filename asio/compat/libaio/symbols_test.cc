// The libraries that libaio.so.1 needs and the names that it exports, read from
// the file itself.

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "asio/testing/sanitizers.h"
#include "gtest/gtest.h"

namespace uasio {
namespace libaio {
namespace {

// A 64-bit shared object.
class Elf {
 public:
  explicit Elf(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    EXPECT_GT(bytes_.size(), sizeof(Elf64_Ehdr)) << path;
    EXPECT_EQ(std::memcmp(bytes_.data(), ELFMAG, SELFMAG), 0) << path;
  }

  // The names in the dynamic section's entries of kind `tag`, such as
  // DT_NEEDED.
  std::set<std::string> Dynamic(Elf64_Sxword tag) const {
    std::set<std::string> names;
    const Elf64_Shdr& section = Section(SHT_DYNAMIC);
    for (const auto& entry : Entries<Elf64_Dyn>(section)) {
      if (entry.d_tag == tag) names.insert(Name(section, entry.d_un.d_val));
    }
    return names;
  }

  // The functions, as "name@version" or, for a default, "name@@version".
  std::set<std::string> Exports() const {
    std::set<std::string> names;
    const Elf64_Shdr& section = Section(SHT_DYNSYM);
    const auto symbols = Entries<Elf64_Sym>(section);
    const auto versions = Entries<Elf64_Half>(Section(SHT_GNU_versym));
    for (size_t i = 1; i < symbols.size(); ++i) {
      if (symbols[i].st_shndx == SHN_UNDEF) continue;
      if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FUNC) continue;
      const bool hidden = (versions[i] & 0x8000) != 0;
      names.insert(Name(section, symbols[i].st_name) + (hidden ? "@" : "@@") +
                   Version(versions[i] & 0x7fff));
    }
    return names;
  }

  // Counts functions and all other symbols.
  size_t DefinedSymbols() const {
    size_t count = 0;
    for (const auto& symbol : Entries<Elf64_Sym>(Section(SHT_DYNSYM))) {
      if (symbol.st_shndx != SHN_UNDEF) ++count;
    }
    return count;
  }

 private:
  const Elf64_Ehdr& Header() const {
    return *reinterpret_cast<const Elf64_Ehdr*>(bytes_.data());
  }
  const Elf64_Shdr& At(size_t index) const {
    return reinterpret_cast<const Elf64_Shdr*>(bytes_.data() +
                                               Header().e_shoff)[index];
  }
  const Elf64_Shdr& Section(Elf64_Word type) const {
    for (size_t i = 0; i < Header().e_shnum; ++i) {
      if (At(i).sh_type == type) return At(i);
    }
    ADD_FAILURE() << "no section of type " << type;
    return At(0);
  }
  template <typename T>
  std::vector<T> Entries(const Elf64_Shdr& section) const {
    const T* begin =
        reinterpret_cast<const T*>(bytes_.data() + section.sh_offset);
    return std::vector<T>(begin, begin + section.sh_size / sizeof(T));
  }
  std::string Name(const Elf64_Shdr& section, size_t offset) const {
    return bytes_.data() + At(section.sh_link).sh_offset + offset;
  }
  std::string Version(Elf64_Half index) const {
    const Elf64_Shdr& section = Section(SHT_GNU_verdef);
    const char* place = bytes_.data() + section.sh_offset;
    while (true) {
      const auto* version = reinterpret_cast<const Elf64_Verdef*>(place);
      if (version->vd_ndx == index) {
        const auto* name =
            reinterpret_cast<const Elf64_Verdaux*>(place + version->vd_aux);
        return Name(section, name->vda_name);
      }
      if (version->vd_next == 0) return "?";
      place += version->vd_next;
    }
  }

  std::vector<char> bytes_;
};

Elf Library() { return Elf("asio/compat/libaio/libaio.so.1"); }

TEST(SymbolsTest, NeedsOnlyTheCLibrary) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer brings libraries of its own";
  for (const std::string& name : Library().Dynamic(DT_NEEDED)) {
    const bool is_libc = name == "libc.so.6" || name.rfind("ld-linux", 0) == 0;
    EXPECT_TRUE(is_libc) << name;
  }
}

TEST(SymbolsTest, HasTheSonameThatProgramsNeed) {
  EXPECT_EQ(Library().Dynamic(DT_SONAME), std::set<std::string>{"libaio.so.1"});
}

// The list is that of `readelf -W --dyn-syms` on Debian's libaio1.
TEST(SymbolsTest, ExportsLibaiosNamesAndVersionsAndNothingElse) {
  const std::set<std::string> names = {
      "io_cancel@LIBAIO_0.1",      "io_cancel@@LIBAIO_0.4",
      "io_destroy@@LIBAIO_0.4",    "io_getevents@LIBAIO_0.1",
      "io_getevents@@LIBAIO_0.4",  "io_pgetevents@@LIBAIO_0.5",
      "io_queue_init@@LIBAIO_0.1", "io_queue_release@@LIBAIO_0.1",
      "io_queue_run@@LIBAIO_0.1",  "io_queue_wait@LIBAIO_0.1",
      "io_queue_wait@@LIBAIO_0.4", "io_setup@@LIBAIO_0.4",
      "io_submit@@LIBAIO_0.1",
  };
  EXPECT_EQ(Library().Exports(), names);
  constexpr size_t kVersions = 3;  // Each version is a symbol as well.
  EXPECT_EQ(Library().DefinedSymbols(), names.size() + kVersions);
}

// Where the dynamic linker finds it; "" if it is not installed.
std::string PathOfTheDistributions() {
  for (const char* name : {"libaio.so.1", "libaio.so.1t64"}) {
    void* const library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    link_map* map = nullptr;
    if (library == nullptr || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
      continue;
    }
    return map->l_name;  // The library stays loaded.
  }
  return "";
}

TEST(SymbolsTest, MatchesTheDistributionsLibrary) {
  const std::string path = PathOfTheDistributions();
  if (path.empty()) GTEST_SKIP() << "libaio is not installed";
  EXPECT_EQ(Library().Exports(), Elf(path).Exports()) << path;
}

}  // namespace
}  // namespace libaio
}  // namespace uasio
