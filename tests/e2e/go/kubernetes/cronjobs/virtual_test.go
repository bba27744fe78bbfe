// The real CronJob controller in virtual time.
package cronjobs

import (
	_ "k8s.io/api/batch/v1"
	_ "k8s.io/client-go/informers"
	_ "k8s.io/client-go/kubernetes/fake"
	_ "k8s.io/kubernetes/pkg/controller/cronjob"
)
