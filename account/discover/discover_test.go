package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"imapop/account"
	"imapop/account/servertest/provider"
)

const database = "https://db.test/v1.1/"

// start starts a stand-in, searches for alice@example.test and returns both.
func start(t *testing.T, o provider.Options, change ...func(*Options)) (Found, *provider.Provider) {
	t.Helper()
	p, err := provider.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	so := Options{Resolver: p.Resolver(), HTTP: p.Transport(), Dial: p.Dial, Database: database}
	for _, c := range change {
		c(&so)
	}
	f, err := Find(t.Context(), "Alice Example <alice@example.test>", so)
	if err != nil {
		t.Fatal(err)
	}
	unspoken(t, p.Log())
	return f, p
}

// unspoken holds the promise that a search logs in nowhere: what the stand-in
// was sent holds no word of any login, and the person's name only where it may be.
func unspoken(t *testing.T, log string) {
	t.Helper()
	for _, line := range strings.Split(log, "\n") {
		if strings.HasPrefix(line, "port was sent") && line != `port was sent ""` {
			t.Errorf("a mail port was sent something: %s", line)
		}
		lower := strings.ToLower(line)
		for _, word := range []string{"authorization", "cookie", "referer", "login", "auth=", "pass "} {
			if strings.Contains(lower, word) {
				t.Errorf("%q was said: %s", word, line)
			}
		}
	}
	for _, req := range strings.Split(log, "web ")[1:] {
		own := strings.HasPrefix(req, "https://autoconfig.example.test") || strings.HasPrefix(req, "https://example.test")
		if strings.Contains(req, "alice") && !own {
			t.Errorf("the address was told to a stranger or without TLS:\n%s", req)
		}
	}
}

// show gives a service's candidates, one line each: where, security, origin, and
// a ? when the person must be asked.
func show(f Found, s Service) string {
	var b strings.Builder
	for _, c := range f.For(s) {
		ask := ""
		if c.Ask != "" {
			ask = " ?"
		}
		fmt.Fprintf(&b, "%s %s %s%s\n", c.Endpoint.Address, c.Endpoint.Security, c.Origin.Method, ask)
	}
	return strings.TrimSpace(b.String())
}

func expect(t *testing.T, f Found, s Service, want ...string) {
	t.Helper()
	if got := show(f, s); got != strings.Join(want, "\n") {
		t.Errorf("%s:\n got\n%s\nwant\n%s", s, got, strings.Join(want, "\n"))
	}
}

func srv(target string, port, priority uint16) net.SRV {
	return net.SRV{Target: target, Port: port, Priority: priority}
}

func TestSRV(t *testing.T) {
	f, p := start(t, provider.Options{SRV: map[string][]net.SRV{
		"_imaps._tcp.example.test":       {srv("b.example.test", 993, 20), srv("a.example.test", 1993, 10)},
		"_imap._tcp.example.test":        {srv("a.example.test", 143, 0)},
		"_pop3s._tcp.example.test":       {srv("pop.hosting.test", 995, 0)},
		"_pop3._tcp.example.test":        {srv("", 0, 0)},
		"_submissions._tcp.example.test": {srv("notexample.test", 465, 0)},
		"_submission._tcp.example.test":  {srv("bad_name.example.test", 587, 0)},
	}})
	expect(t, f, IMAP, "a.example.test:1993 tls SRV record", "b.example.test:993 tls SRV record", "a.example.test:143 starttls SRV record")
	expect(t, f, POP3, "pop.hosting.test:995 tls SRV record ?")
	expect(t, f, Submission, "notexample.test:465 tls SRV record ?")
	if got := f.For(POP3)[0]; got.Origin.Where != "_pop3s._tcp.example.test" || !strings.Contains(got.Ask, "DNSSEC") {
		t.Errorf("%+v", got)
	}
	if !slices.Equal(f.Denied, []string{"_pop3._tcp.example.test"}) || f.Denies(POP3) {
		t.Errorf("denied: %v", f.Denied)
	}
	if strings.Contains(p.Log(), "dial ") {
		t.Errorf("ports were tried though the domain had said everything:\n%s", p.Log())
	}
}

func TestDeniedIsNeitherGuessedNorTakenFromOthers(t *testing.T) {
	f, p := start(t, provider.Options{
		SRV: map[string][]net.SRV{
			"_imaps._tcp.example.test": {srv("imap.example.test", 993, 0)},
			"_pop3s._tcp.example.test": {srv("", 0, 0)}, "_pop3._tcp.example.test": {srv("", 0, 0)},
		},
		Hosts: map[string]string{"pop.example.test": "127.0.0.1"},
		Ports: []string{"pop.example.test:995", "pop.example.test:110"},
		Files: map[string]provider.File{database + "example.test": {Body: config(server("incoming", "pop3", "pop.example.test", "995", "SSL"))}},
	})
	expect(t, f, POP3)
	if !f.Denies(POP3) || f.Denies(IMAP) || f.Denies(Submission) {
		t.Errorf("denies: %v", f.Denied)
	}
	if strings.Contains(p.Log(), "dial pop") {
		t.Error("POP3 was tried although the domain says that it has none")
	}
}

func server(kind, typ, host, port, socket string, more ...string) string {
	return fmt.Sprintf(`<%sServer type="%s"><hostname>%s</hostname><port>%s</port><socketType>%s</socketType>%s</%sServer>`,
		kind, typ, host, port, socket, strings.Join(more, ""), kind)
}

func config(servers ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1"><emailProvider id="example.test">
<domain>example.test</domain><displayName>Example Mail</displayName>` + strings.Join(servers, "\n") + `</emailProvider></clientConfig>`
}

func whole(host string) string {
	return config(server("incoming", "imap", "imap."+host, "993", "SSL", "<username>%EMAILADDRESS%</username>"),
		server("incoming", "imap", "imap."+host, "143", "STARTTLS"), server("incoming", "imap", "old."+host, "143", "plain"),
		server("incoming", "pop3", "pop."+host, "995", "SSL", "<username>%EMAILLOCALPART%</username>"),
		server("outgoing", "smtp", "smtp.%EMAILDOMAIN%", "587", "STARTTLS"))
}

func TestFiles(t *testing.T) {
	const own, path = "autoconfig.example.test", "/mail/config-v1.1.xml"
	const known = "example.test/.well-known/autoconfig/mail/config-v1.1.xml"
	for _, c := range []struct {
		name  string
		files map[string]provider.File
		wrong []string
		imap  []string
		where string
	}{
		{"autoconfig", map[string]provider.File{"https://" + own + path: {Body: whole("example.test")}}, nil,
			[]string{"imap.example.test:993 tls the domain's own file", "imap.example.test:143 starttls the domain's own file"}, "https://" + own + path},
		{"well-known", map[string]provider.File{"https://" + known: {Body: whole("example.test")}}, nil,
			[]string{"imap.example.test:993 tls the domain's own file", "imap.example.test:143 starttls the domain's own file"}, "https://" + known},
		{"database", map[string]provider.File{database + "example.test": {Body: whole("hosting.test")}}, nil,
			[]string{"imap.hosting.test:993 tls public database", "imap.hosting.test:143 starttls public database"}, database + "example.test"},
		{"another host, over TLS", map[string]provider.File{"https://" + own + path: {Body: whole("hosting.test")}}, nil,
			[]string{"imap.hosting.test:993 tls the domain's own file", "imap.hosting.test:143 starttls the domain's own file"}, "https://" + own + path},
		{"another host, without TLS", map[string]provider.File{"http://" + own + path: {Body: whole("hosting.test")}}, nil,
			[]string{"imap.hosting.test:993 tls the domain's own file ?", "imap.hosting.test:143 starttls the domain's own file ?"}, "http://" + own + path},
		{"wrong certificate, then without TLS", map[string]provider.File{"https://" + own + path: {Body: whole("evil.test")}, "http://" + own + path: {Body: whole("example.test")}}, []string{own},
			[]string{"imap.example.test:993 tls the domain's own file", "imap.example.test:143 starttls the domain's own file"}, "http://" + own + path},
		{"redirected", map[string]provider.File{"https://" + own + path: {Status: 302, Location: "https://hosting.test/c.xml"}, "https://hosting.test/c.xml": {Body: whole("hosting.test")}}, nil,
			[]string{"imap.hosting.test:993 tls the domain's own file", "imap.hosting.test:143 starttls the domain's own file"}, "https://" + own + path},
		{"redirected out of TLS", map[string]provider.File{"https://" + own + path: {Status: 302, Location: "http://hosting.test/c.xml"}, "http://hosting.test/c.xml": {Body: whole("hosting.test")}}, nil, nil, ""},
		{"redirected in a circle", map[string]provider.File{"https://" + own + path: {Status: 302, Location: "https://" + own + path}}, nil, nil, ""},
		{"redirected with a password", map[string]provider.File{"https://" + own + path: {Status: 302, Location: "https://a:b@hosting.test/c.xml"}, "https://hosting.test/c.xml": {Body: whole("hosting.test")}}, nil, nil, ""},
		{"too large", map[string]provider.File{"https://" + own + path: {Body: whole("example.test") + strings.Repeat(" ", maxFile)}}, nil, nil, ""},
		{"a web page", map[string]provider.File{"https://" + own + path: {Body: "<html><body>welcome</body></html>"}}, nil, nil, ""},
		{"an error", map[string]provider.File{"https://" + own + path: {Status: 500, Body: whole("example.test")}}, nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := start(t, provider.Options{Files: c.files, WrongCertificate: c.wrong})
			expect(t, f, IMAP, c.imap...)
			if len(c.imap) == 0 {
				return
			}
			if got := f.For(IMAP)[0]; got.Origin.Where != c.where || got.User != "alice@example.test" {
				t.Errorf("%+v", got)
			}
			if got := f.For(POP3)[0]; got.User != "alice" {
				t.Errorf("POP3's user is %q", got.User)
			}
			expect(t, f, Submission, "smtp.example.test:587 starttls "+string(f.For(IMAP)[0].Origin.Method))
			if f.Provider != "Example Mail" {
				t.Errorf("provider %q", f.Provider)
			}
		})
	}
}

func TestDatabaseIsASetting(t *testing.T) {
	files := map[string]provider.File{database + "example.test": {Body: whole("example.test")}, "http://company.test/mail/example.test": {Body: whole("company.test")}}
	f, p := start(t, provider.Options{Files: files}, func(o *Options) { o.Database = "http://company.test/mail" })
	expect(t, f, IMAP, "imap.company.test:993 tls public database ?", "imap.company.test:143 starttls public database ?")
	if strings.Contains(p.Log(), "db.test") {
		t.Error("the other database was asked too")
	}
	f, p = start(t, provider.Options{Files: files}, func(o *Options) { o.Database = NoDatabase })
	expect(t, f, IMAP)
	if strings.Contains(p.Log(), "db.test") || strings.Contains(p.Log(), "company.test") {
		t.Error("a database was asked")
	}
}

func TestCommonNames(t *testing.T) {
	f, p := start(t, provider.Options{
		Hosts: map[string]string{"imap.example.test": "127.0.0.1", "mail.example.test": "127.0.0.1", "pop3.example.test": "127.0.0.1", "smtp.example.test": "127.0.0.1"},
		Ports: []string{"imap.example.test:143", "mail.example.test:993", "imap.example.test:993", "pop3.example.test:110", "smtp.example.test:587", "smtp.example.test:25"},
	})
	expect(t, f, IMAP, "imap.example.test:993 tls a common name", "mail.example.test:993 tls a common name", "imap.example.test:143 starttls a common name")
	expect(t, f, POP3, "pop3.example.test:110 starttls a common name")
	expect(t, f, Submission, "smtp.example.test:587 starttls a common name")
	if strings.Contains(p.Log(), ":25\n") {
		t.Error("port 25 was tried")
	}
	if n := strings.Count(p.Log(), "port was sent \"\""); n != 5 {
		t.Errorf("%d of 5 connections were seen to say nothing", n)
	}
}

func TestMailHost(t *testing.T) {
	mx := map[string][]net.MX{"example.test": {{Host: "mx2.other.test", Pref: 20}, {Host: "mx1.eu.hosting.test", Pref: 10}}}
	t.Run("its file", func(t *testing.T) {
		f, _ := start(t, provider.Options{MX: mx, Files: map[string]provider.File{database + "hosting.test": {Body: whole("hosting.test")}}})
		expect(t, f, IMAP, "imap.hosting.test:993 tls the mail host's file ?", "imap.hosting.test:143 starttls the mail host's file ?")
	})
	t.Run("its names", func(t *testing.T) {
		f, p := start(t, provider.Options{MX: mx, Hosts: map[string]string{"imap.hosting.test": "127.0.0.1", "mail.example.test": "127.0.0.1"},
			Ports: []string{"imap.hosting.test:993", "mail.example.test:993"}})
		expect(t, f, IMAP, "mail.example.test:993 tls a common name", "imap.hosting.test:993 tls a common name ?")
		if strings.Contains(p.Log(), "dial imap.other.test") {
			t.Error("the less preferred MX was followed")
		}
	})
	t.Run("not asked when the domain speaks", func(t *testing.T) {
		f, p := start(t, provider.Options{MX: mx, Files: map[string]provider.File{"https://autoconfig.example.test/mail/config-v1.1.xml": {Body: whole("example.test")}}})
		if len(f.For(IMAP)) == 0 || strings.Contains(p.Log(), "hosting.test\n") {
			t.Errorf("%v\n%s", f.For(IMAP), p.Log())
		}
	})
}

// TestOrder holds the order between origins: said before guessed, TLS before
// STARTTLS, and who is to be trusted more.
func TestOrder(t *testing.T) {
	f, _ := start(t, provider.Options{
		SRV:   map[string][]net.SRV{"_imap._tcp.example.test": {srv("imap.example.test", 143, 0)}, "_pop3s._tcp.example.test": {srv("pop.hosting.test", 995, 0)}},
		Hosts: map[string]string{"smtp.example.test": "127.0.0.1"}, Ports: []string{"smtp.example.test:465", "imap.example.test:993"},
		Files: map[string]provider.File{
			"https://autoconfig.example.test/mail/config-v1.1.xml":            {Body: config(server("incoming", "imap", "own.example.test", "993", "SSL"))},
			"http://example.test/.well-known/autoconfig/mail/config-v1.1.xml": {Body: config(server("incoming", "imap", "open.example.test", "993", "SSL"))},
			database + "example.test": {Body: config(server("incoming", "imap", "db.example.test", "993", "SSL"), server("incoming", "imap", "imap.example.test", "143", "STARTTLS"),
				server("incoming", "pop3", "POP.hosting.test", "995", "SSL", "<username>al</username>"))},
		}})
	expect(t, f, IMAP, "own.example.test:993 tls the domain's own file", "db.example.test:993 tls public database", "open.example.test:993 tls the domain's own file",
		"imap.example.test:143 starttls SRV record")
	expect(t, f, POP3, "pop.hosting.test:995 tls SRV record") // the database says so too, over TLS: nothing to ask
	if got := f.For(POP3)[0]; len(got.Also) != 1 || got.Also[0].Method != Database || got.User != "al" {
		t.Errorf("%+v", got)
	}
	expect(t, f, Submission, "smtp.example.test:465 tls a common name")
}

func TestInternationalisedDomain(t *testing.T) {
	p, err := provider.Start(provider.Options{
		SRV:   map[string][]net.SRV{"_imaps._tcp.xn--bcher-kva.test": {srv("imap.xn--bcher-kva.test", 993, 0)}},
		Files: map[string]provider.File{"https://autoconfig.xn--bcher-kva.test/mail/config-v1.1.xml": {Body: config(server("incoming", "pop3", "pop.b\u00fccher.test", "995", "SSL"))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	f, err := Find(t.Context(), "\u00e9mile@b\u00fccher.test", Options{Resolver: p.Resolver(), HTTP: p.Transport(), Dial: p.Dial, Database: NoDatabase})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, f, IMAP, "imap.xn--bcher-kva.test:993 tls SRV record")
	expect(t, f, POP3, "pop.xn--bcher-kva.test:995 tls the domain's own file")
}

func TestNothing(t *testing.T) {
	var steps []Step
	f, _ := start(t, provider.Options{}, func(o *Options) { o.Progress = func(s Step) { steps = append(steps, s) } })
	if len(f.Candidates) > 0 || len(steps) != len(f.Steps) || len(steps) < 20 {
		t.Errorf("%d candidates, %d steps told, %d kept", len(f.Candidates), len(steps), len(f.Steps))
	}
}

func TestCancelled(t *testing.T) {
	p, err := provider.Start(provider.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	cause := errors.New("the person pressed Esc")
	ctx, cancel := context.WithCancelCause(t.Context())
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel(cause)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if _, err := Find(ctx, "alice@example.test", Options{Resolver: p.Resolver(), HTTP: p.Transport(), Dial: hang}); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]Address{
		"alice@example.org":           {Full: "alice@example.org", Local: "alice", Domain: "example.org"},
		" Alice <a.b+c@Example.ORG> ": {Full: "a.b+c@example.org", Name: "Alice", Local: "a.b+c", Domain: "example.org"},
		"émile@bücher.example":        {Full: "émile@xn--bcher-kva.example", Local: "émile", Domain: "xn--bcher-kva.example"},
		"\"a b@c\"@example.org":       {Full: "a b@c@example.org", Local: "a b@c", Domain: "example.org"},
	} {
		got, err := ParseAddress(in)
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "alice", "alice@", "@example.org", "alice@localhost", "alice@[127.0.0.1]", "alice@127.0.0.1", "alice@exa mple.org",
		"alice@-x.org", "alice@x..org", "alice@\x1b[2J.org", "a@b.c, d@e.f", "alice@" + strings.Repeat("a.", 200) + "org"} {
		if got, err := ParseAddress(in); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: got %+v, %v", in, got, err)
		}
	}
	if a, _ := ParseAddress("x@bücher.example"); a.Unicode() != "bücher.example" {
		t.Errorf("Unicode is %q", a.Unicode())
	}
}

func FuzzClientConfig(f *testing.F) {
	f.Add(whole("example.test"))
	f.Add(config(server("incoming", "imap", "%EMAILDOMAIN%", "-1", "SSL", "<username>\x00</username>")))
	f.Add(strings.Repeat("<a>", 100))
	f.Add("<!DOCTYPE x [<!ENTITY a \"b\">]><clientConfig>&a;</clientConfig>")
	a, err := ParseAddress("alice@example.test")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseClientConfig([]byte(text), a)
		if err != nil {
			return
		}
		for _, x := range c.candidates {
			if x.Endpoint.Security == account.Plaintext || x.Endpoint.Check() != nil || !hostname(x.Endpoint.Host()) {
				t.Errorf("%+v", x.Endpoint)
			}
			if x.User != "" && account.CheckCredential("user", x.User) != nil {
				t.Errorf("user %q", x.User)
			}
		}
	})
}

func TestClientConfigForm(t *testing.T) {
	a, _ := ParseAddress("alice@example.test")
	for name, text := range map[string]string{
		"deep":     "<clientConfig>" + strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50) + "</clientConfig>",
		"long":     "<clientConfig>" + strings.Repeat("<a/>", maxElements) + "</clientConfig>",
		"entities": "<!DOCTYPE x [<!ENTITY a \"b\">]><clientConfig></clientConfig>",
		"empty":    "",
		"cut":      whole("example.test")[:300],
		"latin1":   `<?xml version="1.0" encoding="ISO-8859-1"?><clientConfig/>`,
	} {
		if _, err := parseClientConfig([]byte(text), a); !errors.Is(err, errForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	oauth := `<oAuth2><issuer>auth.example.test</issuer><scope>mail offline</scope><authURL>https://auth.example.test/a</authURL><tokenURL>%s://auth.example.test/t</tokenURL></oAuth2>`
	c, err := parseClientConfig([]byte(config(server("incoming", "imap", "h.test", "993", "SSL", "<authentication>OAuth2</authentication>"),
		`<documentation url="https://help.example.test/x"/><documentation url="javascript:x"/><enable visiturl="https://www.example.test/on"/>`)+""), a)
	if err != nil || !c.candidates[0].OAuth || !slices.Equal(c.help, []string{"https://www.example.test/on", "https://help.example.test/x"}) || c.oauth != nil {
		t.Errorf("%+v, %v", c, err)
	}
	for scheme, known := range map[string]bool{"https": true, "http": false} {
		text := strings.Replace(config(), "</clientConfig>", fmt.Sprintf(oauth, scheme)+"</clientConfig>", 1)
		c, err := parseClientConfig([]byte(text), a)
		if err != nil || (c.oauth != nil) != known || known && (c.oauth.Scopes[1] != "offline" || c.oauth.TokenURL != "https://auth.example.test/t") {
			t.Errorf("%s: %+v, %v", scheme, c.oauth, err)
		}
	}
}
