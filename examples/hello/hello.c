/*
 * The program of the starter image: says where it runs, from what it can see itself.
 */
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

int main(void)
{
	struct utsname host;

	if (uname(&host) != 0)
		return 1;
	printf("\n"
	       "Hello from Gantry!\n"
	       "\n"
	       "This program runs in a container:\n"
	       "  its process id is      %d (it is the first process of its own pid namespace)\n"
	       "  its host name is       %s\n"
	       "  its user id is         %d, in a file system that holds nothing but this program\n"
	       "  the kernel it runs on  %s %s, the host's own\n"
	       "\n"
	       "What happened: the client asked the daemon over its socket, the daemon found the image,\n"
	       "planned the container as a list of kernel operations, and gantry-shim carried them out.\n"
	       "\n",
	       (int)getpid(), host.nodename, (int)getuid(), host.sysname, host.release);
	return 0;
}
