<?php
// What ends the access of a grant, deletes its user, and looks for what is left: by the rows alone, and by the shop. Only `close`
// is sent it, and the failsafe.

final class Stagepass_Wordpress_Ending extends Stagepass_Wordpress
{
    // By the rows alone, before anything of the shop is loaded: whatever was done to its code, nobody gets in any more.
    public function shut()
    {
        if (!$this->connect()) {
            return;
        }
        $id = $this->row($ours);
        Stagepass::say('had', $id > 0 && $ours);
        Stagepass::say('foreign', $id > 0 && !$ours);
        $ours = $id > 0 && $ours;
        if ($ours) {
            $this->end_by_rows($id);
        }
        if ($this->only_rows() && (!$ours || !$this->is_known_elsewhere($id))) {
            $this->delete_by_rows($ours ? $id : 0);
        }
    }

    private function end_by_rows($id)
    {
        Stagepass::say('user_id', $id);
        Stagepass::say('sessions_ended', $this->sessions($id));
        $this->say_uses($id);
        Stagepass::say('keys_ended', $this->keys($id));
        $this->say_roles($id);
        $this->direct->change('UPDATE ' . $this->users . ' SET user_pass = ?, user_email = ?, user_activation_key = ? WHERE ID = ?', array('!' . Stagepass::nobodys(), self::address(), '', $id));
        $this->direct->change('DELETE FROM ' . $this->meta . " WHERE user_id = ? AND meta_key IN ('session_tokens', '_application_passwords')", array($id));
        // Emptied and not deleted: in a network of sites these rows say of which it is a member.
        $this->direct->change('UPDATE ' . $this->meta . " SET meta_value = 'a:0:{}' WHERE user_id = ? AND meta_key LIKE '%capabilities'", array($id));
        $this->direct->change('UPDATE ' . $this->meta . " SET meta_value = '0' WHERE user_id = ? AND meta_key LIKE '%user_level'", array($id));
        foreach ($this->direct->tables($this->prefix, 'woocommerce_api_keys') as $table) {
            $this->direct->change('DELETE FROM ' . $table . ' WHERE user_id = ?', array($id));
        }
        foreach ($this->direct->tables($this->prefix, 'wc_webhooks') as $table) {
            $this->direct->change('UPDATE ' . $table . ' SET status = ? WHERE user_id = ?', array('disabled', $id));
        }
        Stagepass::say('shut', $this->count($this->users . " WHERE ID = ? AND user_pass LIKE '!%'", array($id)) === 1 && $this->sessions($id) === 0);
    }

    // Whether anything but WordPress's own tables knows the user, or might: what plugins keep of one they take away when the shop
    // deletes it, and no one else knows how. Whoever fills a table must not keep the end from coming: a search that takes long has
    // found something.
    private function is_known_elsewhere($id)
    {
        $limits = array('max_statement_time' => 2, 'max_execution_time' => 2000);
        foreach ($limits as $name => $most) {
            $this->limit($name, $most);
        }
        try {
            $known = $this->search($id, microtime(true) + 5);
        } catch (Exception $error) {
            $known = true;
        }
        foreach ($limits as $name => $most) {
            $this->limit($name, 'DEFAULT');
        }
        return $known;
    }

    // MariaDB has the one in seconds, MySQL the other in milliseconds.
    private function limit($name, $most)
    {
        try {
            $this->direct->change("SET SESSION $name = $most");
        } catch (Exception $error) {
            return;
        }
    }

    private function search($id, $until)
    {
        $columns = $this->direct->values("SELECT CONCAT(TABLE_NAME, ' ', COLUMN_NAME) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
            . " AND COLUMN_NAME IN ('user_id', 'userid', 'user', 'wp_user_id', 'customer_id', 'author_id', 'owner_id', 'created_by', 'session_key')");
        foreach ($columns as $one) {
            list($table, $column) = explode(' ', $one);
            if (strpos($table, $this->prefix) !== 0 || in_array($table, array($this->meta, $this->table('comments')), true)) {
                continue;
            }
            if (microtime(true) > $until || !preg_match('/^[A-Za-z0-9_]+$/D', $table) || $this->value("SELECT 1 FROM `$table` WHERE `$column` = ? LIMIT 1", array($id)) !== null) {
                return true;
            }
        }
        // An order of a shop is a page with a word of whose it is.
        return $this->value('SELECT 1 FROM ' . $this->table('postmeta') . " WHERE meta_key = '_customer_user' AND meta_value = ? LIMIT 1", array($id)) !== null;
    }

    // All of it, and whether anything is left.
    private function delete_by_rows($id)
    {
        if ($id > 0) {
            $this->hand_over_by_rows($id);
            $this->direct->change('DELETE FROM ' . $this->meta . ' WHERE user_id = ?', array($id));
            $this->direct->change('DELETE FROM ' . $this->users . ' WHERE ID = ?', array($id));
        }
        $was = $id > 0 ? $id : (int) Stagepass::told('user_id');
        // A page that was being answered when the user went writes words about it anew.
        $this->direct->change('DELETE FROM ' . $this->meta . ' WHERE user_id = ? AND NOT EXISTS (SELECT 1 FROM ' . $this->users . ' WHERE ID = ?)', array($was, $was));
        $this->change_role(null);
        $this->say_left($was);
        Stagepass::say('whole', true);
    }

    private function hand_over_by_rows($id)
    {
        $count = $this->count($this->table('posts') . ' WHERE post_author = ?', array($id));
        $links = $this->direct->tables($this->prefix, 'links') ? $this->count($this->table('links') . ' WHERE link_owner = ?', array($id)) : 0;
        if ($count + $links === 0) {
            return;
        }
        $heir = $this->heir_by_rows($id);
        if ($heir === 0) {
            self::fail_without_heir();
        }
        Stagepass::say('handed_over', $count . ' ' . $this->value('SELECT user_login FROM ' . $this->users . ' WHERE ID = ?', array($heir)));
        $this->direct->change('UPDATE ' . $this->table('posts') . ' SET post_author = ? WHERE post_author = ?', array($heir, $id));
        if ($links > 0) {
            $this->direct->change('UPDATE ' . $this->table('links') . ' SET link_owner = ? WHERE link_owner = ?', array($heir, $id));
        }
    }

    private function heir_by_rows($id)
    {
        $sql = 'SELECT user_id FROM ' . $this->meta . " WHERE meta_key = ? AND meta_value LIKE '%\"administrator\";b:1%' AND user_id <> ? AND user_id IN (SELECT ID FROM " . $this->users . ')'
            . ' AND user_id NOT IN (SELECT user_id FROM ' . $this->meta . " WHERE meta_key = 'stagepass') ORDER BY user_id LIMIT 1";
        return (int) $this->value($sql, array($this->table('capabilities'), $id));
    }

    private static function fail_without_heir()
    {
        Stagepass::fail('no-heir', 'The user ' . Stagepass::told('account') . ' cannot log in any more, but wrote something in the shop, and there is no administrator to give it to. Make one, and close again.');
    }

    public function close()
    {
        $user = self::user($ours);
        Stagepass::say('foreign', (bool) $user && !$ours);
        if ($user && $ours) {
            Stagepass::say('user_id', $user->ID);
            $this->end_access($user->ID);
            $this->delete($user->ID);
        }
        $this->drop_role();
        // It goes when the rows were read as gone: until then it is what ends the access at its time.
        Stagepass::say('guard_file', untrailingslashit(WPMU_PLUGIN_DIR) . '/stagepass-' . Stagepass::told('grant') . '.php');
    }

    private function end_access($id)
    {
        $this->set_hash($id, '!' . Stagepass::nobodys());
        WP_Session_Tokens::get_instance($id)->destroy_all();
        if (class_exists('WP_Application_Passwords')) {
            WP_Application_Passwords::delete_all_application_passwords($id);
        }
        $this->end_keys($id);
    }

    private function end_keys($id)
    {
        global $wpdb;
        foreach (array('woocommerce_api_keys', 'wc_webhooks') as $kind) {
            foreach ($wpdb->get_col($wpdb->prepare('SHOW TABLES LIKE %s', $wpdb->esc_like($wpdb->base_prefix) . '%' . $kind)) as $table) {
                if ($kind === 'wc_webhooks' && $table === $wpdb->prefix . $kind && function_exists('wc_get_webhook')) {
                    foreach ($wpdb->get_col($wpdb->prepare("SELECT webhook_id FROM `$table` WHERE user_id = %d", $id)) as $hook) {
                        $hook = wc_get_webhook($hook);
                        if ($hook) {
                            $hook->delete(true);
                        }
                    }
                }
                $wpdb->query($wpdb->prepare("DELETE FROM `$table` WHERE user_id = %d", $id));
            }
        }
    }

    // What it wrote is not ours to delete: it goes to an administrator of the shop. Said is to whom, and how much it was.
    private function delete($id)
    {
        $sites = is_multisite() ? array_keys(get_blogs_of_user($id, true)) : array(0);
        foreach ($sites as $site) {
            if ($site) {
                switch_to_blog($site);
            }
            $this->delete_here($id);
            if ($site) {
                restore_current_blog();
            }
        }
        if (is_multisite()) {
            wpmu_delete_user($id);
        }
        clean_user_cache($id);
    }

    private function delete_here($id)
    {
        global $wpdb;
        $count = (int) $wpdb->get_var($wpdb->prepare("SELECT COUNT(*) FROM {$wpdb->posts} WHERE post_author = %d", $id));
        $heir = self::heir($id);
        if ($count > 0 && !$heir) {
            self::fail_without_heir();
        }
        if ($count > 0) {
            Stagepass::say('handed_over', $count . ' ' . $heir->user_login);
        }
        wp_delete_user($id, $heir ? $heir->ID : null);
    }

    private static function heir($id)
    {
        $found = get_users(array('role' => 'administrator', 'orderby' => 'ID', 'order' => 'ASC', 'number' => 5, 'exclude' => array($id)));
        foreach ($found as $one) {
            if (strpos((string) get_user_meta($one->ID, 'stagepass', true), ' ') === false) {
                return $one;
            }
        }
        if (is_multisite()) {
            foreach (get_super_admins() as $name) {
                $one = get_user_by('login', $name);
                if ($one && $one->ID !== $id) {
                    return $one;
                }
            }
        }
        return null;
    }

    private function drop_role()
    {
        if (!is_multisite()) {
            remove_role(self::role());
            return;
        }
        foreach (get_sites(array('fields' => 'ids', 'number' => 1000)) as $site) {
            switch_to_blog($site);
            if (get_role(self::role())) {
                remove_role(self::role());
            }
            restore_current_blog();
        }
    }

    // Whether anything is left, by the rows.
    public function gone()
    {
        if (!$this->connect()) {
            return;
        }
        $this->say_left((int) Stagepass::told('user_id'));
    }

    private function say_left($was)
    {
        $id = $this->row($ours);
        $left = 0;
        Stagepass::say('foreign', $id > 0 && !$ours);
        Stagepass::say('user_absent', $id === 0 || !$ours);
        $left += $this->left('address', $this->users . ' WHERE user_email = ?', array(self::address()));
        foreach ($this->direct->values('SELECT user_id FROM ' . $this->meta . ' WHERE meta_key = ? AND meta_value = ?', array('stagepass', self::mark())) as $other) {
            Stagepass::say('left', 'mark ' . $this->value('SELECT user_login FROM ' . $this->users . ' WHERE ID = ?', array($other)));
            $left++;
        }
        if ($was > 0 && $was !== $id) {
            // The database may have given the number to somebody who came since.
            $taken = $this->count($this->users . ' WHERE ID = ?', array($was)) > 0;
            if (!$taken) {
                $left += $this->left('meta', $this->meta . ' WHERE user_id = ?', array($was));
                foreach (array('woocommerce_api_keys', 'wc_webhooks') as $kind) {
                    foreach ($this->direct->tables($this->prefix, $kind) as $table) {
                        $left += $this->left($kind, $table . ' WHERE user_id = ?', array($was));
                    }
                }
            }
        }
        foreach ($this->direct->tables($this->prefix, 'options') as $table) {
            $left += $this->left('role', $table . " WHERE option_name LIKE '%user_roles' AND option_value LIKE ?", array('%' . self::role() . '"%'));
        }
        Stagepass::say('rows_left', $left);
        $this->say_state();
    }

    private function left($what, $sql, $bound)
    {
        $count = $this->count($sql, $bound);
        if ($count > 0) {
            Stagepass::say('left', $what . ' ' . $count);
        }
        return $count;
    }
}
