package agentui

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests by endpoint; never by path, which strangers choose.
type metrics struct{ took *prometheus.HistogramVec }

// newMetrics registers the metrics; without a registry they are counted for nobody.
func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "sportello_http_request_seconds",
		Help:    "Time until a request of the staff's API was answered.",
		Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"endpoint", "status"})}
	if r != nil {
		r.MustRegister(m.took)
	}
	return m
}

func (m *metrics) observe(pattern string, code int, took time.Duration) {
	m.took.WithLabelValues(pattern, strconv.Itoa(code)).Observe(took.Seconds())
}
