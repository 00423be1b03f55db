#include "tools/sum/sha256.h"

#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "workqueue/check.h"

namespace uasio {

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { Begin(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::Add(const void* bytes, size_t size) {
  UASIO_CHECK(EVP_DigestUpdate(context_.get(), bytes, size) == 1,
              "Sha256: libcrypto must have SHA-256");
}

std::string Sha256::Finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  UASIO_CHECK(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1,
              "Sha256: libcrypto must have SHA-256");
  Begin();
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), size));
}

void Sha256::Begin() {
  UASIO_CHECK(context_ != nullptr &&
                  EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
              "Sha256: libcrypto must have SHA-256");
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

}  // namespace uasio
