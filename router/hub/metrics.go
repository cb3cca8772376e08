package hub

import "github.com/prometheus/client_golang/prometheus"

// metrics count what the hub does.
type metrics struct {
	sockets prometheus.Gauge
	entries prometheus.Counter
	resumed *prometheus.CounterVec
	closed  *prometheus.CounterVec
}

// newMetrics registers the metrics; without a registry they are counted for nobody.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "sportello_hub_sockets", Help: "Agents' websockets that are open.",
		}),
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sportello_hub_entries_total", Help: "Entries of the feed queued on sockets.",
		}),
		resumed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sportello_hub_hellos_total", Help: "Greetings by how they were answered: replay or reset.",
		}, []string{"how"}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sportello_hub_closed_total", Help: "Sockets that ended, by reason.",
		}, []string{"reason"}),
	}
	if r != nil {
		r.MustRegister(m.sockets, m.entries, m.resumed, m.closed)
	}
	return m
}
