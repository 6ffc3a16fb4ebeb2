package compare

import "imapop/retrieval"

// Support answers whether a side has a verb at all; nil, or an
// *retrieval.UnsupportedError with the RFC section and what to do instead. What
// is a setting of this program (leave), or goes through submission (deliver), is
// never refused here.
func Support(side retrieval.Protocol, v retrieval.Verb) error {
	var no *retrieval.UnsupportedError
	switch side {
	case retrieval.POP3:
		no = pop3Lacks(v)
	case retrieval.IMAP:
		no = imapLacks(v)
	case retrieval.SMTP:
		if v != retrieval.VerbDeliver && v != retrieval.VerbPolicy {
			no = lacks("retrieval", "RFC 6409 section 1", "SMTP only brings mail in; read it over IMAP or POP3")
		}
	}
	if no == nil { // a nil pointer in an error would not be nil
		return nil
	}
	no.Protocol = side
	return no
}

func lacks(what, source, instead string) *retrieval.UnsupportedError {
	return &retrieval.UnsupportedError{What: what, Source: source, Instead: instead}
}

// pop3Lacks follows RFC 1939: section 1 leaves the manipulation of mail on the
// server to IMAP, section 5 has all that TRANSACTION offers.
func pop3Lacks(v retrieval.Verb) *retrieval.UnsupportedError {
	switch v {
	case retrieval.VerbRead, retrieval.VerbUnread:
		return lacks("read state", "RFC 1939 section 1", "mark it over IMAP (tab)")
	case retrieval.VerbFlag, retrieval.VerbUnflag:
		return lacks("flags", "RFC 1939 section 1", "flag it over IMAP (tab)")
	case retrieval.VerbAnswered, retrieval.VerbUnanswer:
		return lacks("answered mark", "RFC 1939 section 1", "mark it over IMAP (tab)")
	case retrieval.VerbKeyword, retrieval.VerbUnkeyword:
		return lacks("keywords", "RFC 1939 section 1", "set it over IMAP (tab)")
	case retrieval.VerbMove:
		return lacks("folders to move to", "RFC 1939 section 1", "move it over IMAP (tab)")
	case retrieval.VerbCopy:
		return lacks("folders to copy to", "RFC 1939 section 1", "copy it over IMAP (tab), or download it")
	case retrieval.VerbOpen:
		return lacks("folders, only one maildrop", "RFC 1939 section 4", "open it over IMAP (tab)")
	case retrieval.VerbCreate:
		return lacks("folders", "RFC 1939 section 1", "create it over IMAP (tab)")
	case retrieval.VerbRename, retrieval.VerbDiscard, retrieval.VerbSubscribe, retrieval.VerbUnsub:
		return lacks("folders, only one maildrop", "RFC 1939 section 4", "do it over IMAP (tab)")
	case retrieval.VerbBack:
		return lacks("move to take back", "RFC 1939 section 1", "take it back over IMAP (tab)")
	case retrieval.VerbSearch:
		return lacks("search", "RFC 1939 section 5", "this device looks through what it has")
	case retrieval.VerbSort:
		return lacks("sort", "RFC 1939 section 5", "this device sorts what it knows")
	case retrieval.VerbExpunge:
		return lacks("expunge command", "RFC 1939 section 6", "QUIT deletes all that is marked")
	}
	return nil
}

func imapLacks(v retrieval.Verb) *retrieval.UnsupportedError {
	if v == retrieval.VerbReset {
		return lacks("reset: each command is final at once", "RFC 9051 section 6.4.6", `remove \Deleted with undelete, before EXPUNGE`)
	}
	return nil
}
