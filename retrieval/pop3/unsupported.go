package pop3

import "imapop/retrieval"

// lacks is what people ask of POP3 in vain: where an RFC says so, and what there is in its place.
var lacks = map[string]retrieval.UnsupportedError{
	"flags":   {What: "flags", Source: "RFC 1939 section 3", Instead: "what was read is known on this device only"},
	"folders": {What: "folders", Source: "RFC 1939 section 3", Instead: "there is one maildrop, which is INBOX"},
	"search":  {What: "search on the server", Source: "RFC 1939 section 5", Instead: "search the local copy"},
	"move":    {What: "moving of messages", Source: "RFC 1939 section 5", Instead: "there is only one maildrop"},
	"copy":    {What: "copying of messages on the server", Source: "RFC 1939 section 5", Instead: "download it: RETR"},
	"append":  {What: "way to store a message", Source: "RFC 1939 section 1", Instead: "mail enters a maildrop by delivery only"},
	"expunge": {What: "expunging by command", Source: "RFC 1939 section 6", Instead: "QUIT deletes what DELE marked"},
	"idle":    {What: "word for new mail", Source: "RFC 1939 section 5", Instead: "open a new session"},
	"undelete": {What: "unmarking of one message", Source: "RFC 1939 section 5",
		Instead: "RSET unmarks all of them"},
	"create": {What: "folders to create", Source: "RFC 1939 section 3", Instead: "there is one maildrop, which is INBOX"},
	"status": {What: "counts of unread messages", Source: "RFC 1939 section 5", Instead: "STAT counts messages and octets"},
}

// Unsupported says that POP3 has no such thing: "flags", "folders", "search",
// "move", "copy", "append", "expunge", "idle", "undelete", "create", "status",
// or any other words. The error is a *retrieval.UnsupportedError.
func Unsupported(what string) error {
	e, ok := lacks[what]
	if !ok {
		e = retrieval.UnsupportedError{What: what, Source: "RFC 1939"}
	}
	e.Protocol = retrieval.POP3
	return &e
}

// Unsupported is the package's Unsupported; nothing is sent.
func (s *Session) Unsupported(what string) error { return Unsupported(what) }
