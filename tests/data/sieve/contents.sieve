require ["variables", "fileinto", "body", "foreverypart", "mime", "extracttext"];

if body :contains "hello" { set "r" "${r}a"; }
if body :text :contains "the" { set "r" "${r}b"; }
if body :raw :contains "content-type" { set "r" "${r}c"; }
if body :content "text/html" :contains "<" { set "r" "${r}d"; }
if body :content "text/plain" :contains "a" { set "r" "${r}e"; }
if body :content "image" :contains "" { set "r" "${r}f"; }
if body :content "application" :contains "" { set "r" "${r}g"; }
if body :contains "ü" { set "r" "${r}h"; }
if header :mime :anychild :contenttype "content-type" "text/html" { set "r" "${r}i"; }
if header :mime :type "content-type" "multipart" { set "r" "${r}j"; }
if header :mime :anychild :param "filename" :matches "content-disposition" "*.*" { set "r" "${r}k-${1}-${2}-"; }
foreverypart {
  if header :mime :contenttype :matches "content-type" "*" { set "r" "${r}|${1}"; }
}
fileinto "r${r}";
