package provider

import (
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// answer serves DNS until the socket is closed.
func (p *Provider) answer() {
	buf := make([]byte, 1500)
	for {
		n, from, err := p.dns.ReadFrom(buf)
		if err != nil {
			return
		}
		if reply, err := p.reply(buf[:n]); err == nil {
			_, _ = p.dns.WriteTo(reply, from)
		}
	}
}

// reply answers one question; a name that nobody published does not exist.
func (p *Provider) reply(query []byte) ([]byte, error) {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil {
		return nil, err
	}
	q, err := parser.Question()
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	p.write("dns %s %s\n", q.Type, name)
	m := dnsmessage.Message{Header: dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionAvailable: true},
		Questions: []dnsmessage.Question{q}}
	known := p.records(&m, q, name)
	if !known {
		m.RCode = dnsmessage.RCodeNameError
	}
	return m.Pack()
}

// records adds what is published for a name and reports whether it exists.
func (p *Provider) records(m *dnsmessage.Message, q dnsmessage.Question, name string) bool {
	add := func(t dnsmessage.Type, body dnsmessage.ResourceBody) {
		if t == q.Type {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: t, Class: dnsmessage.ClassINET, TTL: 60}, Body: body})
		}
	}
	known := false
	for _, r := range p.o.SRV[name] {
		known = true
		add(dnsmessage.TypeSRV, &dnsmessage.SRVResource{Priority: r.Priority, Weight: r.Weight, Port: r.Port, Target: dotted(r.Target)})
	}
	for _, r := range p.o.MX[name] {
		known = true
		add(dnsmessage.TypeMX, &dnsmessage.MXResource{Pref: r.Pref, MX: dotted(r.Host)})
	}
	if ip, ok := p.o.Hosts[name]; ok {
		known = true
		add(dnsmessage.TypeA, &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()})
	}
	return known
}

func dotted(name string) dnsmessage.Name {
	return dnsmessage.MustNewName(strings.TrimSuffix(name, ".") + ".")
}
