package retrieval

// Trust is what is known of who sent a message. It comes from the sending side:
// SPF, DKIM and DMARC are looked at when a server takes a message in by SMTP; IMAP
// and POP3 hand out what was delivered and know none of it.
type Trust struct {
	Own    string // the authserv-id that is believed (RFC 8601 section 2.2); "" for none
	OwnWhy string // where that is known from
	Lines  []TrustLine
}

// TrustLine is one thing that is known, in cleaned text.
type TrustLine struct {
	By     string // who says so: "your server", "checked here", "not believed", ""
	Method string // "SPF", "DKIM", "DMARC"; "" for what is no method
	Result string // "pass", "fail", "none", ... as RFC 8601 section 2.7 spells it; "" for no result
	Text   string
	Source string // "RFC 7208"
}
