#include "tools/common/remove_when_killed.h"

#include <unistd.h>

#include <set>

namespace uasio {
namespace {

constexpr int kFatalSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Never changes while a fatal signal can come.
std::set<std::string>& Paths() {
  static std::set<std::string>* const paths = new std::set<std::string>;
  return *paths;
}

void RemoveAndDie(int signal_number) {
  for (const std::string& path : Paths()) unlink(path.c_str());
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void Handle(sighandler_t handler) {
  for (int number : kFatalSignals) {
    struct sigaction now;
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
      signal(number, handler);
    }
  }
}

}  // namespace

FatalSignalsBlocked::FatalSignalsBlocked() {
  sigset_t fatal;
  sigemptyset(&fatal);
  for (int number : kFatalSignals) sigaddset(&fatal, number);
  pthread_sigmask(SIG_BLOCK, &fatal, &before_);
}

FatalSignalsBlocked::~FatalSignalsBlocked() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void RemoveWhenKilled(const std::string& path) {
  if (Paths().empty()) Handle(&RemoveAndDie);
  Paths().insert(path);
}

void KeepWhenKilled(const std::string& path) {
  if (Paths().erase(path) > 0 && Paths().empty()) Handle(SIG_DFL);
}

}  // namespace uasio
