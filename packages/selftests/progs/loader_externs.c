// SPDX-License-Identifier: MIT
/* What an object can expect of the kernel that it is loaded into; one program that expects nothing. */
#include "include/vmlinux.h"
#include "include/bpf_helpers.h"

#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))

extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF_SYSCALL __kconfig __weak;
extern const void bpf_link_fops __ksym;
struct rq;
extern const struct rq runqueues __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_not_there(struct task_struct *) __ksym __weak;
extern int undefined_helper(int x);

SEC("socket")
int plain(struct __sk_buff *skb)
{
	return 3;
}

SEC("socket")
int wants_kconfig(struct __sk_buff *skb)
{
	return LINUX_KERNEL_VERSION;
}

SEC("socket")
int wants_weak_kconfig(struct __sk_buff *skb)
{
	return CONFIG_BPF_SYSCALL;
}

SEC("socket")
int wants_variable(struct __sk_buff *skb)
{
	return (long)&bpf_link_fops;
}

SEC("socket")
int wants_weak_variable(struct __sk_buff *skb)
{
	return &runqueues ? 1 : 0;
}

static __noinline int with_kfunc(void)
{
	bpf_rcu_read_lock();
	return 1;
}

SEC("socket")
int wants_function(struct __sk_buff *skb)
{
	return with_kfunc();
}

SEC("socket")
int wants_weak_function(struct __sk_buff *skb)
{
	if (bpf_not_there)
		bpf_not_there(0);
	return 1;
}

LICENSE("GPL");
