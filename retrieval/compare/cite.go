package compare

import "imapop/retrieval"

// rule is a rule of IMAP, cited by the revision that the session speaks.
type rule struct{ rev2, rev1 string }

// IMAP's rules that are cited.
var (
	ruleUID      = rule{"RFC 9051 section 2.3.1.1", "RFC 3501 section 2.3.1.1"}
	ruleFlags    = rule{"RFC 9051 section 2.3.2", "RFC 3501 section 2.3.2"}
	ruleFolder   = rule{"RFC 9051 section 5.1", "RFC 3501 section 5.1"}
	ruleSize     = rule{"RFC 9051 section 2.3.4", "RFC 3501 section 2.3.4"}
	ruleModel    = rule{"RFC 1733", "RFC 1733"} // online, offline and disconnected use
	ruleSelect   = rule{"RFC 9051 section 6.3.2", "RFC 3501 section 6.3.1"}
	ruleCreate   = rule{"RFC 9051 section 6.3.4", "RFC 3501 section 6.3.3"}
	ruleStore    = rule{"RFC 9051 section 6.4.6", "RFC 3501 section 6.4.6"}
	ruleFetch    = rule{"RFC 9051 section 6.4.5", "RFC 3501 section 6.4.5"}
	ruleCopy     = rule{"RFC 9051 section 6.4.7", "RFC 3501 section 6.4.7"}
	ruleMove     = rule{"RFC 9051 section 6.4.8", "RFC 6851 section 3.2"}
	ruleExpunge  = rule{"RFC 9051 section 6.4.3", "RFC 3501 section 6.4.3"}
	ruleUIDExp   = rule{"RFC 9051 section 6.4.9", "RFC 4315 section 2.1"}
	ruleExpunged = rule{"RFC 9051 section 7.5.1", "RFC 3501 section 7.4.1"}
	ruleExists   = rule{"RFC 9051 section 7.4.1", "RFC 3501 section 7.3.1"}
	ruleNoop     = rule{"RFC 9051 section 6.1.2", "RFC 3501 section 6.1.2"}
	ruleLogout   = rule{"RFC 9051 section 6.1.3", "RFC 3501 section 6.1.3"}
)

// in gives the citation for the revision in use.
func (r rule) in(v *retrieval.View) string {
	if v.IMAP.Revision == "IMAP4rev1" {
		return r.rev1
	}
	return r.rev2
}

// POP3's rules that are cited.
const (
	popNoFlags  = "RFC 1939 section 1" // manipulating mail on the server is left to IMAP
	popDrop     = "RFC 1939 section 4" // one maildrop, locked and frozen at login
	popCommands = "RFC 1939 section 5" // LIST, RETR, DELE, RSET, NOOP; numbers
	popUpdate   = "RFC 1939 section 6" // QUIT deletes
	popOptional = "RFC 1939 section 7" // TOP and UIDL
	popKeep     = "RFC 1939 section 8" // leaving mail on the server
	popSizes    = "RFC 1939 section 11"
	popIdle     = "RFC 1939 section 3" // the inactivity timer
)
