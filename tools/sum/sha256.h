// A Sha256 computes the SHA-256 checksum of bytes given piece by piece, using
// libcrypto.
//
// Threads:   one at a time.
// Errors:    none; a CHECK fails if libcrypto has no SHA-256 or no memory.

#ifndef UASIO_TOOLS_SUM_SHA256_H_
#define UASIO_TOOLS_SUM_SHA256_H_

#include <cstddef>
#include <memory>
#include <string>

extern "C" {
struct evp_md_ctx_st;
}

namespace uasio {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;

  void Add(const void* bytes, size_t size);

  // Returns the checksum in hexadecimal digits, and starts a new one.
  std::string Finish();

 private:
  void Begin();

  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace uasio

#endif  // UASIO_TOOLS_SUM_SHA256_H_
