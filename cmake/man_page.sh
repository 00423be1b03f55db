#!/bin/sh
# man_page.sh PAGE VERSION PROGRAM...: writes the manual page of a tool, made
# from what PROGRAM... --help prints (tools/common/command_line.h).
set -eu

page=$1 version=$2
shift 2
name=$(basename "$page" .1)
help=$("$@" --help)

printf '%s\n' "$help" | awk -v name="$name" -v version="$version" '
  # The text as troff prints it.
  function plain(s) {
    gsub(/\\/, "\\e", s)
    gsub(/-/, "\\-", s)
    if (s ~ /^[.\047]/) s = "\\&" s
    return s
  }
  # What the tool does, in a few words: the beginning of the first paragraph.
  function summary(s) {
    sub(/[,;:.]( .*)?$/, "", s)
    return tolower(substr(s, 1, 1)) substr(s, 2)
  }
  function section(title) { print ".SH " title }

  { lines[NR] = $0 }
  END {
    usage = 1
    while (usage <= NR && lines[usage] != "") ++usage
    for (i = usage + 1; i <= NR && lines[i] != ""; ++i) {
      first = first (first == "" ? "" : " ") lines[i]
    }
    print ".TH " toupper(name) " 1 \"\" \"uasio " version "\""
    section("NAME")
    print plain(name) " \\- " plain(summary(first))
    section("SYNOPSIS")
    print ".nf"
    for (i = 1; i < usage; ++i) {
      sub(/^(usage:|      ) /, "", lines[i])
      print plain(lines[i])
    }
    print ".fi"
    section("DESCRIPTION")
    for (i = usage + 1; i <= NR; ++i) {
      line = lines[i]
      if (line ~ /^  --?[a-z0-9-]+: .*\(default: .*\)$/) {
        if (!options++) section("OPTIONS")
        colon = index(line, ":")
        print ".TP"
        print ".B " plain(substr(line, 3, colon - 3))
        print plain(substr(line, colon + 2))
      } else if (line ~ /^Exit status: /) {
        section("EXIT STATUS")
        print plain(toupper(substr(line, 14, 1)) substr(line, 15))
        has_status = 1
      } else if (line == "") {
        print ".PP"
      } else if (line ~ /^ /) {
        print ".nf"
        print plain(line)
        print ".fi"
      } else {
        print plain(line)
      }
    }
    if (has_status) exit
    section("EXIT STATUS")
    print "0: success; 1: the work failed; 2: the command line was wrong."
  }' >"$page.new"
mv "$page.new" "$page"
