#!/bin/bash
# Runs all tests.  The last line is "N passed, N failed", followed by
# ", N skipped" if there are any.  It counts GoogleTest cases; a test without
# GoogleTest counts as one.  The exit status is 0 only if tests passed and none
# failed.
#
#   tools/test.sh                       runs all tests
#   tools/test.sh --config=asan         passes arguments to `bazel test`
#   tools/test.sh //clists/...          runs these only
#   BAZEL="bazel --option" tools/test.sh    another Bazel, or start-up options
set -euo pipefail
cd "$(dirname "$0")/.."

patterns=(//...)
for argument in "$@"; do
  case $argument in
    --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' tools/test.sh; exit ;;
    -*) ;;
    *) patterns=() ;;
  esac
done

tools/setup.sh
read -ra bazel <<<"${BAZEL:-$(command -v bazel || command -v bazelisk)}"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Bazel writes one event a line.  Only the events describe this run alone:
# bazel-testlogs also has results of earlier runs.
bazel_status=0
"${bazel[@]}" test --keep_going --build_event_json_file="$scratch/events" \
  "$@" "${patterns[@]}" </dev/null || bazel_status=$?
touch "$scratch/events"

# Writes "result LABEL RUN.SHARD XML" for each attempt to run a test, and
# "status LABEL STATUS" for each test and each target that did not build.
awk '
  function text(key) {
    if (!match($0, "\"" key "\":\"[^\"]*\"")) return "-"
    return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
  }
  function number(key) {
    if (!match($0, "\"" key "\":[0-9]+")) return 0
    return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
  }
  /^{"id":{"testResult":/ {
    xml = "-"
    if (match($0, /"name":"test\.xml","uri":"file:\/\/[^"]*"/)) {
      xml = substr($0, RSTART, RLENGTH - 1)
      sub(/^.*"file:\/\//, "", xml)
    }
    print "result", text("label"), number("run") "." number("shard"), xml
  }
  /^{"id":{"testSummary":/ {
    print "status", text("label"), text("overallStatus")
  }
  /^{"id":{"targetConfigured":/ && /"aborted":/ ||
  /^{"id":{"targetCompleted":/ && !/"completed":{"success":true/ {
    if (!/"reason":"SKIPPED"/) print "status", text("label"), "FAILED_TO_BUILD"
  }
' "$scratch/events" >"$scratch/tests"

# Keeps the last attempt of each run.
awk '$1 == "result" { last[$2 " " $3] = $4 }
     END { for (key in last) print key, last[key] }' \
  "$scratch/tests" | sort >"$scratch/results"

# Prints "passed|failed|skipped LABEL NAME[: REASON]" for each case in the XML
# files.
cases() {
  local label xml
  while read -r label _ xml; do
    [[ -f $xml ]] || continue
    awk -v label="$label" '
      function attribute(key) {
        if (!match($0, " " key "=\"[^\"]*\"")) return ""
        return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 4)
      }
      function plain(s) {
        gsub(/&#x0A;|&#10;/, " ", s)
        gsub(/&lt;/, "<", s)
        gsub(/&gt;/, ">", s)
        gsub(/&quot;/, "\"", s)
        gsub(/&apos;|&#39;|&#x27;/, "\047", s)
        gsub(/&amp;/, "\\&", s)
        return s
      }
      function finish() {
        if (in_case) print result, label, name
        in_case = 0
      }
      # Skips CDATA: its text may look like tags.
      in_text && !/\]\]>/ { next }
      in_text { sub(/^.*\]\]>/, ""); in_text = 0 }
      { gsub(/<!\[CDATA\[[^\]]*\]\]>/, "") }
      /<!\[CDATA\[/ && !/<!\[CDATA\[.*\]\]>/ {
        in_text = 1
        sub(/<!\[CDATA\[.*$/, "")
      }
      /<testcase / {
        in_case = 1
        result = "passed"
        suite = attribute("classname")
        name = plain((suite == "" ? "" : suite ".") attribute("name"))
        if (attribute("status") == "notrun") {
          result = "skipped"
          name = name ": disabled"
        }
        if (/\/>[ \r]*$/) finish()
      }
      /<failure[ >]/ { result = "failed" }
      /<error[ >]/ {
        result = "failed"
        sub(/^.*<error/, "")
        name = name ": " plain(attribute("message"))
        finish()
      }
      /<skipped[ >]/ {
        if (result == "passed") result = "skipped"
        reason = plain(attribute("message"))
        sub(/^[^ ]*:[0-9]+ /, "", reason)  # File and line.
        name = name ": " (reason == "" ? "no reason given" : reason)
      }
      /<\/testcase>/ { finish() }
      END { finish() }
    ' "$xml"
  done <"$scratch/results"
}
cases >"$scratch/cases"

# Adds the tests that failed without a failed case: they did not build, timed
# out, crashed, or failed after the last case.
awk 'FNR == NR { if ($1 == "failed") explained[$2] = 1; next }
     $1 == "status" && $3 != "PASSED" && $3 != "FLAKY" && !explained[$2]++ {
       print "failed", $2, $3
     }' "$scratch/cases" "$scratch/tests" >"$scratch/others"
cat "$scratch/others" >>"$scratch/cases"

# Not `grep -c`: it fails if the count is 0.
count() {
  awk -v r="$1" '$1 == r { n++ } END { print n + 0 }' "$scratch/cases"
}
list() { sed -n "s/^$1 /  /p" "$scratch/cases"; }

if [[ $bazel_status -ne 0 && $(count failed) -eq 0 ]]; then
  echo "failed bazel exited with status $bazel_status" >>"$scratch/cases"
fi
passed=$(count passed) failed=$(count failed) skipped=$(count skipped)
if [[ $skipped -gt 0 ]]; then
  echo "Skipped:"
  list skipped
fi
if [[ $failed -gt 0 ]]; then
  echo "Failed:"
  list failed
fi
total="$passed passed, $failed failed"
[[ $skipped -eq 0 ]] || total+=", $skipped skipped"
echo "$total"
[[ $failed -eq 0 && $passed -gt 0 ]]
