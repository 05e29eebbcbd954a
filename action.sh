#!/usr/bin/env bash
# What the action does: check, then every view of the result. Works in any CI that has bash; what GitHub reads is
# written only where its variables are set.
set -euo pipefail

folder=${CONFORMANCE_FOLDER:-conformance}
mkdir -p "$folder"
results=$folder/results.jsonl
rm -f "$results"

words=(check "$CONFORMANCE_TARGET" --results "$results")
[[ -n ${CONFORMANCE_PROFILE:-} ]] && words+=(--profile "$CONFORMANCE_PROFILE")
[[ -n ${CONFORMANCE_SELECT:-} ]] && words+=(--select "$CONFORMANCE_SELECT")
[[ -n ${CONFORMANCE_GAPS:-} ]] && words+=(--gaps "$CONFORMANCE_GAPS")
while IFS= read -r word; do
  [[ -n $word ]] && words+=("$word")
done <<< "${CONFORMANCE_OPTIONS:-}"

code=0
# What a target sent is printed in between: no line of it may be read as a command of the CI.
stop=stop-$RANDOM$RANDOM$RANDOM$RANDOM
[[ -n ${GITHUB_ACTIONS:-} ]] && echo "::stop-commands::$stop"
runs-conformance "${words[@]}" || code=$?
[[ -n ${GITHUB_ACTIONS:-} ]] && echo "::$stop::"

if [[ -s $results ]]; then
  runs-conformance report "$results" --html --output "$folder/report.html"
  runs-conformance report "$results" --junit --output "$folder/junit.xml"
  runs-conformance report "$results" --markdown --output "$folder/summary.md"
  runs-conformance report "$results" --badge --output "$folder/badge.json"
  [[ -n ${GITHUB_ACTIONS:-} ]] && runs-conformance report "$results" --annotations
  [[ -n ${GITHUB_STEP_SUMMARY:-} ]] && cat "$folder/summary.md" >> "$GITHUB_STEP_SUMMARY"
elif [[ -n ${GITHUB_ACTIONS:-} ]]; then
  echo "::error title=runs-conformance could not run::The check wrote no results; its message is above."
fi
if [[ -n ${GITHUB_OUTPUT:-} ]]; then
  printf '%s\n' "exit-code=$code" "results=$results" "html=$folder/report.html" "junit=$folder/junit.xml" \
    "badge=$folder/badge.json" >> "$GITHUB_OUTPUT"
fi

[[ ${CONFORMANCE_REPORT_ONLY:-false} == true && $code == 1 ]] && code=0
exit "$code"
