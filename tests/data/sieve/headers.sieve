# Which tests of header fields hold, as letters in a mailbox's name.
require ["variables", "fileinto", "relational", "index", "regex", "comparator-i;ascii-numeric", "encoded-character"];

if header :contains "subject" "e" { set "r" "${r}a"; }
if header :is "subject" "" { set "r" "${r}b"; }
if header :matches "subject" "*?e*" { set "r" "${r}c-${1}-${2}-${3}-"; }
if header :matches ["subject", "x-none"] "?*" { set "r" "${r}d"; }
if exists ["from", "to", "date"] { set "r" "${r}e"; }
if not exists "x-none" { set "r" "${r}f"; }
if header :count "ge" ["from", "to", "cc", "received"] "3" { set "r" "${r}g"; }
if header :value "gt" "subject" "h" { set "r" "${r}h"; }
if header :value "lt" :comparator "i;octet" "subject" "h" { set "r" "${r}i"; }
if header :contains :index 1 "received" "e" { set "r" "${r}j"; }
if header :contains :index 1 :last "received" "by" { set "r" "${r}k"; }
if header :regex "subject" "^([a-z]+):? ([^ ]+)" { set "r" "${r}l-${1}-${2}-"; }
if header :regex :comparator "i;octet" "subject" "[A-Z]{2,}" { set "r" "${r}m-${0}-"; }
if header :is :comparator "i;ascii-numeric" "x-priority" "1" { set "r" "${r}n"; }
if header :contains "content-type" "charset" { set "r" "${r}o"; }
if header :contains "subject" "${hex:20}" { set "r" "${r}p"; }
if header :matches "message-id" "<*@*>" { set "r" "${r}q-${2}-"; }
if header :matches "mime-version" "1.?" { set "r" "${r}r"; }
if size :over 1K { set "r" "${r}s"; }
if size :under 5K { set "r" "${r}t"; }
fileinto "r${r}";
