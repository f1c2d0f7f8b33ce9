#ifndef VERSION_H
#define VERSION_H

#ifndef SUPERVISOR_VERSION
#define SUPERVISOR_VERSION "0.0.0"
#endif

#endif
