# Copyright (C) 2026 the ngx_llm_cost_module authors
#
# Read by nginx's auto/make, appends to the generated Makefile.

llm_scripts=$(ls $ngx_addon_dir/ngx_llm_cost_module/scripts/*.lua 2>/dev/null \
              | tr '\n' ' ')

llm_page="$ngx_addon_dir/dashboard/index.html $ngx_addon_dir/dashboard/app.js \
$ngx_addon_dir/dashboard/app.css $llm_dygraphs/dygraph.min.js \
$llm_dygraphs/dygraph.min.css"

llm_page=$(echo $llm_page)

cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/llm_cost/ngx_http_llm_cost_dashboard.h: \\
	$ngx_addon_dir/tools/embed-scripts \\
	$llm_page
	$ngx_addon_dir/tools/embed-scripts \\
		$llm_page > \$@.tmp
	mv \$@.tmp \$@

$NGX_OBJS/llm_cost/ngx_http_llm_cost_scripts.h: \\
	$ngx_addon_dir/tools/embed-scripts \\
	$llm_scripts
	$ngx_addon_dir/tools/embed-scripts \\
		$llm_scripts > \$@.tmp
	mv \$@.tmp \$@

END
