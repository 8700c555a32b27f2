require ["fileinto", "copy", "imap4flags", "mailbox", "variables", "vacation", "reject", "enotify"];

if size :over 20K { reject "Too large"; stop; }
addflag ["\\Flagged", "$Label1 $label2"];
if header :contains "subject" "re" {
  fileinto :copy :create "Replies";
  removeflag "\\flagged";
}
if hasflag :contains "label" { addflag "seen_label"; }
if anyof (header :contains "to" "ben", exists "cc") {
  redirect :copy "archive@example.net";
  redirect "Other <other@example.net>";
} elsif not exists "message-id" {
  discard;
} else {
  setflag "flags" "a b a";
  keep :flags "${flags}";
}
if header :contains "subject" "hello" { vacation :days 2 :addresses "ben@example.org" "Away"; }
if header :contains "x-priority" "1" { notify "mailto:pager@example.net"; }
