#include "tools/bench/fio.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "asio/testing/scratch.h"
#include "gtest/gtest.h"

namespace uasio::bench {
namespace {

// The 41 fields of reads, or of writes.
std::string Direction(int iops, const std::string& p99) {
  std::string text = absl::StrCat("1000;2000;", iops, ";500;");
  absl::StrAppend(&text, "1;2;1.5;0.1;1;90;5.0;0.1;");
  absl::StrAppend(&text, "50.000000%=7;", p99, ";99.900000%=80;");
  for (int i = 0; i < 17; ++i) absl::StrAppend(&text, "0%=0;");
  absl::StrAppend(&text, "1;90;5.0;0.1;", "10;20;99.0%;15.0;1.0;");
  return text;
}

std::string Report(int error) {
  return absl::StrCat(
      "3;fio-3.33;bench;0;", error, ";", Direction(3000, "99.000000%=40"),
      Direction(1000, "99.000000%=60"), "20.0%;30.0%;5;0;0;100.0%\n");
}

TEST(FioTest, ParsesATerseReportAmongOtherLines) {
  const auto m = ParseFioReport("note: something\n" + Report(0), 2);
  ASSERT_TRUE(m.ok()) << m.status();
  EXPECT_EQ(m->ops_per_s, 4000);
  EXPECT_DOUBLE_EQ(m->cpu_us_per_op, 0.5 * 2 * 1e6 / 4000);
  EXPECT_EQ(m->p50_us, 7);
  EXPECT_EQ(m->p99_us, 60);
  EXPECT_EQ(m->p999_us, 80);
}

TEST(FioTest, AFailureContainsFiosOutput) {
  EXPECT_FALSE(ParseFioReport(Report(5), 1).ok());
  const auto none = ParseFioReport("fio: no such engine\n", 1);
  EXPECT_EQ(none.status().message(), "fio failed: fio: no such engine");
  const auto refused =
      ParseFioReport("setup: EPERM\n" + Report(1) + "bye\n", 1);
  EXPECT_EQ(refused.status().message(), "fio failed: setup: EPERM; bye");
}

TEST(FioTest, TheCommandHasTheJobsParameters) {
  Job job;
  job.workload = Workload::kRandWrite;
  job.block_bytes = 8192;
  job.depth = 17;
  job.path = "/proc/1/fd/3";
  job.file_bytes = 1 << 20;
  const std::string command = FioCommand({"io_uring", true}, job);
  for (const char* part :
       {"--rw=randwrite", "--bs=8192", "--iodepth=17", "--size=1048576",
        "--filename=/proc/1/fd/3", "--direct=1", "--ioengine=io_uring",
        "--fixedbufs=1", "--numjobs=1", "--runtime=1000ms"}) {
    EXPECT_TRUE(absl::StrContains(command, part)) << part;
  }
}

TEST(FioTest, TheEmulationRunsFioWithThreadsOfThePool) {
  Job job;
  job.threads = 9;
  EXPECT_TRUE(absl::StartsWith(FioCommand({"libaio", false, true}, job),
                               "uasio-aio --threads=9 fio --name="));
  EXPECT_TRUE(absl::StartsWith(FioCommand({"libaio", false, false}, job),
                               "fio --name="));
}

// A stand-in for fio on the emulation.  It reports no CPU time, and uses some
// unless the run is a trial.
std::string FakeFio() {
  const std::string report =
      absl::StrReplaceAll(Report(0), {{"20.0%;30.0%;5", "0.0%;0.0%;5"}});
  return absl::StrCat(
      "#!/bin/sh\n[ \"$1\" = --version ] && echo fio-3.33 && exit\n"
      "case \"$*\" in *--runtime=1ms*) n=0 ;; *) n=100000 ;; esac\n"
      "while [ $n -gt 0 ]; do n=$((n-1)); done\ncat <<'END'\n",
      report, "END\n");
}

TEST(FioTest, TheCpuTimeOfTheEmulationIsThatOfAllThreads) {
  const Scratch scratch;
  for (const char* name : {"fio", "uasio-aio"}) {
    chmod(scratch.NewFile(name, FakeFio()).c_str(), 0755);
  }
  const std::string before = getenv("PATH");
  setenv("PATH", absl::StrCat(scratch.Path(""), ":", before).c_str(), 1);
  Job job;
  const auto kernel = NewFioEngine({"libaio"})->Measure(job);
  const auto ours = NewFioEngine({"libaio", false, true})->Measure(job);
  setenv("PATH", before.c_str(), 1);
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  ASSERT_TRUE(ours.ok()) << ours.status();
  EXPECT_EQ(kernel->cpu_us_per_op, 0);
  EXPECT_GT(ours->cpu_us_per_op, 0);
}

TEST(FioTest, PsyncRunsAJobPerThread) {
  Job job;
  job.threads = 9;
  job.queues = 2;
  EXPECT_EQ(FioJobs({"psync", false}, job), 18u);
  EXPECT_EQ(FioJobs({"libaio", false}, job), 2u);
}

TEST(FioTest, ThreadsDoNotSupportSequentialWorkloads) {
  Job job;
  job.threads = 8;
  for (const Workload workload : {Workload::kSeqRead, Workload::kSeqWrite}) {
    job.workload = workload;
    const absl::Status status =
        NewFioEngine({"psync", /*fixed_buffers=*/false})->Supports(job);
    EXPECT_EQ(status.message(), "fio's jobs would all process the same blocks");
  }
}

}  // namespace
}  // namespace uasio::bench
