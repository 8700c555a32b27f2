require ["variables", "fileinto", "editheader", "index", "relational"];

addheader "X-First" "one";
addheader :last "X-Last" "two";
addheader "X-First" "zero";
deleteheader :index 1 :last "received";
deleteheader :contains "subject" "re";
deleteheader "x-mailer";
if header :matches :index 1 "x-first" "*" { set "r" "${r}a-${1}-"; }
if header :matches :index 1 :last "x-first" "*" { set "r" "${r}b-${1}-"; }
if exists "subject" { set "r" "${r}c"; }
if header :count "ge" "received" "1" { set "r" "${r}d"; }
if exists "x-mailer" { set "r" "${r}e"; }
if header "x-last" "TWO" { set "r" "${r}f"; }
fileinto "r${r}";
