require ["variables", "fileinto", "relational", "envelope", "subaddress"];

if address :contains "from" "example" { set "r" "${r}a"; }
if address :matches :localpart "from" "*" { set "r" "${r}b-${1}-"; }
if address :matches :domain "from" "*" { set "r" "${r}c-${1}-"; }
if address :matches :all "to" "*" { set "r" "${r}d-${1}-"; }
if address :count "ge" ["to", "cc"] "2" { set "r" "${r}e"; }
if address :matches :user "to" "*" { set "r" "${r}f-${1}-"; }
if address :matches :detail ["to", "cc"] "*" { set "r" "${r}g-${1}-"; }
if envelope :matches "from" "*@*" { set "r" "${r}h-${1}-${2}-"; }
if envelope :detail "to" "work" { set "r" "${r}i"; }
if envelope :user "to" "me" { set "r" "${r}j"; }
if envelope :domain "to" "EXAMPLE.org" { set "r" "${r}k"; }
if address :contains "sender" "" { set "r" "${r}l"; }
if address :value "ge" :localpart "from" "m" { set "r" "${r}m"; }
fileinto "r${r}";
