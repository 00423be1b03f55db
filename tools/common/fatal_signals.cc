#include "tools/common/fatal_signals.h"

#include <unistd.h>

#include <set>

namespace uasio {
namespace {

constexpr int kFatalSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Changes only while the fatal signals are blocked.
std::set<std::string>& Paths() {
  static std::set<std::string>* const paths = new std::set<std::string>;
  return *paths;
}

void RemoveAndDie(int signal_number) {
  for (const std::string& path : Paths()) unlink(path.c_str());
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void SetHandler(sighandler_t handler) {
  for (int number : kFatalSignals) {
    struct sigaction now;
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) {
      signal(number, handler);
    }
  }
}

}  // namespace

FatalSignalBlocker::FatalSignalBlocker() {
  sigset_t fatal;
  sigemptyset(&fatal);
  for (int number : kFatalSignals) sigaddset(&fatal, number);
  pthread_sigmask(SIG_BLOCK, &fatal, &before_);
}

FatalSignalBlocker::~FatalSignalBlocker() {
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void RemoveOnFatalSignal(const std::string& path) {
  if (Paths().empty()) SetHandler(&RemoveAndDie);
  Paths().insert(path);
}

void KeepOnFatalSignal(const std::string& path) {
  if (Paths().erase(path) > 0 && Paths().empty()) SetHandler(SIG_DFL);
}

}  // namespace uasio
