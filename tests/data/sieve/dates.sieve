require ["variables", "fileinto", "date", "relational", "index"];

if date :originalzone :matches "date" "iso8601" "*" { set "r" "${r}a-${1}-"; }
if date :zone "+0130" :matches "date" "std11" "*" { set "r" "${r}b-${1}-"; }
if date :originalzone :matches "date" "julian" "*" { set "r" "${r}c-${1}-"; }
if date :originalzone :matches "date" "weekday" "*" { set "r" "${r}d-${1}-"; }
if date :originalzone :value "ge" "date" "hour" "12" { set "r" "${r}e"; }
if date :index 1 :last :zone "+0000" :matches "received" "date" "*" { set "r" "${r}f-${1}-"; }
if date :originalzone :matches "date" "zone" "*" { set "r" "${r}g-${1}-"; }
if currentdate :value "gt" "year" "2020" { set "r" "${r}h"; }
fileinto "r${r}";
