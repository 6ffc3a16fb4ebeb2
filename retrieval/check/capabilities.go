package check

import (
	"strings"

	"imapop/retrieval"
)

// Capability is one thing that a server says it can do.
type Capability struct {
	Name    string `json:"name"` // as sent, with its arguments
	Source  string `json:"source"`
	Link    string `json:"link"`
	Meaning string `json:"meaning"` // for a user; "" when imapop does not know it
}

// meaning is what is known of a capability.
type meaning struct {
	source source
	text   string
}

// Explain says of each capability where it is defined and what a user has of it.
func Explain(p retrieval.Protocol, names []string) []Capability {
	out := make([]Capability, 0, len(names))
	for _, n := range names {
		m := meaningOf(p, n)
		out = append(out, Capability{Name: n, Source: m.source.String(), Link: m.source.link(), Meaning: m.text})
	}
	return out
}

func meaningOf(p retrieval.Protocol, name string) meaning {
	word, args, _ := strings.Cut(strings.ToUpper(name), " ")
	switch p {
	case retrieval.IMAP:
		if mech, ok := strings.CutPrefix(word, "AUTH="); ok {
			return mechanismOf(mech)
		}
		if m, ok := imapMeanings[word]; ok {
			return m
		}
		word, _, _ = strings.Cut(word, "=") // THREAD=REFERENCES, APPENDLIMIT=1000, RIGHTS=kxte
		return imapMeanings[word+"="]
	case retrieval.POP3:
		m := popMeanings[word]
		if word == "SASL" && args == "" {
			m.text = "no mechanism is offered at this moment"
		}
		return m
	}
	return smtpMeanings[word]
}

func mechanismOf(mech string) meaning {
	if m, ok := mechanisms[mech]; ok {
		return m
	}
	return meaning{"4422", "a way to log in"}
}

// mechanisms of SASL.
var mechanisms = map[string]meaning{
	"PLAIN":              {"4616", "login with user and password; only safe inside TLS"},
	"LOGIN":              {"", "the same as PLAIN, older and never made a standard"},
	"CRAM-MD5":           {"2195", "login without showing the password; outdated"},
	"DIGEST-MD5":         {"6331", "login without showing the password; withdrawn"},
	"NTLM":               {"", "Microsoft's login of old; outdated"},
	"SCRAM-SHA-1":        {"5802", "login that never shows the password, and proves the server too"},
	"SCRAM-SHA-1-PLUS":   {"5802 6", "the same, tied to this TLS connection"},
	"SCRAM-SHA-256":      {"7677", "login that never shows the password, and proves the server too"},
	"SCRAM-SHA-256-PLUS": {"7677", "the same, tied to this TLS connection"},
	"OAUTHBEARER":        {"7628", "login with a token in place of the password"},
	"XOAUTH2":            {"", "the same as OAUTHBEARER, as some providers began it"},
	"EXTERNAL":           {"4422", "login by the certificate of this device"},
	"GSSAPI":             {"4752", "login by Kerberos"},
	"ANONYMOUS":          {"4505", "anybody may come in"},
}

// imapMeanings by name; a name with "=" stands for all that begin so.
var imapMeanings = map[string]meaning{
	"IMAP4REV1":          {"3501", "IMAP as everybody speaks it"},
	"IMAP4REV2":          {"9051", "IMAP with twenty years of extensions built in"},
	"STARTTLS":           {"9051 6.2.1", "TLS can be had on this connection"},
	"LOGINDISABLED":      {"9051 6.2.3", "no LOGIN at this moment, mostly because TLS is missing"},
	"ACL":                {"4314", "folders can be shared, with rights for each person"},
	"RIGHTS=":            {"4314", "the rights that a shared folder can give"},
	"APPENDLIMIT":        {"7889", "the server tells how large a stored message may be"},
	"APPENDLIMIT=":       {"7889", "no larger message can be stored"},
	"BINARY":             {"3516", "attachments come undecoded, a third smaller"},
	"CATENATE":           {"4469", "drafts can be put together on the server"},
	"CHILDREN":           {"3348", "the tree of folders shows at once"},
	"COMPRESS=":          {"4978", "the connection can be compressed"},
	"CONDSTORE":          {"7162", "after a pause only changed flags are fetched"},
	"CONTEXT=":           {"5267", "search results that stay up to date"},
	"CONVERT":            {"5259", "the server can convert attachments"},
	"CREATE-SPECIAL-USE": {"6154", "a new folder can be made Sent, Trash and so on"},
	"ENABLE":             {"5161", "extensions can be switched on"},
	"ESEARCH":            {"4731", "search answers are short"},
	"ESORT":              {"5267", "sorted answers are short"},
	"FILTERS":            {"5466", "searches can be kept on the server"},
	"ID":                 {"2971", "server and client say who they are"},
	"IDLE":               {"2177", "new mail shows at once, without asking"},
	"I18NLEVEL=":         {"5255", "search and sort know letters beyond ASCII"},
	"INPROGRESS":         {"9585", "long commands tell how far they are"},
	"LANGUAGE":           {"5255", "the server's texts can be in your language"},
	"LIST-EXTENDED":      {"5258", "folders are listed in one go"},
	"LIST-METADATA":      {"9590", "notes on folders come with their list"},
	"LIST-MYRIGHTS":      {"8440", "your rights come with the list of folders"},
	"LIST-STATUS":        {"5819", "the counts of all folders come in one answer"},
	"LITERAL+":           {"7888", "a round trip less when something is stored"},
	"LITERAL-":           {"7888", "a round trip less when something small is stored"},
	"LOGIN-REFERRALS":    {"2221", "the server may name another server; imapop does not follow"},
	"MAILBOX-REFERRALS":  {"2193", "folders may be on other servers; imapop does not follow"},
	"METADATA":           {"5464", "notes can be kept on folders"},
	"METADATA-SERVER":    {"5464", "notes can be kept on the account"},
	"MOVE":               {"6851", "moving is one step and cannot stop half way"},
	"MULTIAPPEND":        {"3502", "many messages are stored in one go"},
	"MULTISEARCH":        {"7377", "one search looks through many folders"},
	"NAMESPACE":          {"2342", "where your own, others' and shared folders are"},
	"NOTIFY":             {"5465", "news of all folders, not only the open one"},
	"OBJECTID":           {"8474", "a message keeps one identity when it is moved"},
	"PREVIEW=":           {"8970", "the first words of a message, as a draft had it"},
	"PREVIEW":            {"8970", "the first words of a message in the list"},
	"QRESYNC":            {"7162", "after a pause the list is right again in one answer"},
	"QUOTA":              {"9208", "how full the mailbox is"},
	"QUOTA=":             {"9208", "what the quota counts"},
	"QUOTASET":           {"9208", "quotas can be set"},
	"REPLACE":            {"8508", "a draft is replaced in one step"},
	"SASL-IR":            {"4959", "login takes a round trip less"},
	"SAVEDATE":           {"8514", "when a message came into this folder"},
	"SCAN":               {"", "folders can be searched by name for a word"},
	"SEARCHRES":          {"5182", "a search result can be used without being sent"},
	"SEARCH=":            {"6203", "search forgives spelling"},
	"SORT":               {"5256", "the server sorts the list"},
	"SORT=":              {"5957", "the server sorts by the name that is shown"},
	"SPECIAL-USE":        {"6154", "the server says which folder is Sent, Trash, Drafts"},
	"STATUS=":            {"8438", "how large a folder is, in one number"},
	"SNIPPET=":           {"", "the first words of a message, before it was a standard"},
	"THREAD=":            {"5256", "the server groups conversations"},
	"UIDONLY":            {"9586", "message numbers can be done without"},
	"UIDPLUS":            {"4315", "exactly the chosen messages are expunged; copies tell their new UID"},
	"UNAUTHENTICATE":     {"8437", "one connection can serve many users in turn"},
	"UNSELECT":           {"3691", "a folder can be left without expunging"},
	"URLAUTH":            {"4467", "a message can be handed to others by a link"},
	"URL-PARTIAL":        {"5550", "part of a message by a link"},
	"UTF8=":              {"6855", "letters beyond ASCII in headers and folder names"},
	"WITHIN":             {"5032", "search by age: older, younger"},
	"XLIST":              {"", "special folders, before it was a standard"},
}

var popMeanings = map[string]meaning{
	"CAPA":           {"2449 5", "the server tells this list"},
	"TOP":            {"2449 6.1", "headers without the whole message"},
	"USER":           {"2449 6.2", "login with user and password as they are"},
	"SASL":           {"5034 3", "the mechanisms that AUTH takes"},
	"RESP-CODES":     {"2449 6.4", "refusals say why: busy, too often"},
	"AUTH-RESP-CODE": {"3206 6", "refusals tell a wrong password from a fault"},
	"LOGIN-DELAY":    {"2449 6.5", "so many seconds between two logins"},
	"PIPELINING":     {"2449 6.6", "many commands in one round trip"},
	"EXPIRE":         {"2449 6.7", "how long the server keeps what was left on it"},
	"UIDL":           {"2449 6.8", "messages are known again: mail can be left on the server"},
	"IMPLEMENTATION": {"2449 6.9", "which server this is"},
	"STLS":           {"2595 4", "TLS can be had on this connection"},
	"UTF8":           {"6856 2", "letters beyond ASCII in headers"},
	"LANG":           {"6856 3", "the server's texts can be in your language"},
	"XTND":           {"", "sending through POP3, of old"},
}

var smtpMeanings = map[string]meaning{
	"STARTTLS":            {"3207", "TLS can be had on this connection"},
	"AUTH":                {"4954", "the mechanisms that it takes"},
	"SIZE":                {"1870", "no larger message is taken; 0: it does not say"},
	"8BITMIME":            {"6152", "letters beyond ASCII need no detour in the text"},
	"BINARYMIME":          {"3030", "attachments need no encoding"},
	"CHUNKING":            {"3030", "messages are sent in pieces of known length"},
	"PIPELINING":          {"2920", "many commands in one round trip"},
	"ENHANCEDSTATUSCODES": {"2034", "refusals say why, by number"},
	"DSN":                 {"3461", "you can be told that a message was delivered"},
	"SMTPUTF8":            {"6531", "addresses beyond ASCII"},
	"DELIVERBY":           {"2852", "a message can have a time limit"},
	"REQUIRETLS":          {"8689", "a message can insist on TLS all the way"},
	"LIMITS":              {"9422", "how many recipients and messages are taken"},
	"VRFY":                {"5321 3.5", "the server may say whether an address exists"},
	"ETRN":                {"1985", "for servers that dial in"},
	"HELP":                {"5321 4.1.1.8", "the server explains itself"},
	"FUTURERELEASE":       {"4865", "a message can wait for a later time"},
	"MT-PRIORITY":         {"6710", "a message can be urgent"},
	"BURL":                {"4468", "mail can be sent from the IMAP server"},
	"NO-SOLICITING":       {"3865", "advertising is not wanted"},
}
